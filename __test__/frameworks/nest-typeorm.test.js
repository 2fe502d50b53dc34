'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { projectFolder } = require('../support/project');
const { skipWithout } = require('../support/requirements');
const { installNest, moduleOf } = require('./nest-app');

const EMAIL = { type: 'text', index: { normalize: 'lowercase', unique: true } };

describe(
  'TypeORM in NestJS, by TypeOrmModule.forRootAsync',
  { skip: skipWithout('frameworks') },
  () => {
    const folder = projectFolder();
    const apps = [];
    let load;
    let typeorm;
    let nest;
    let kms;

    before(() => {
      load = installNest(folder, '12');
      typeorm = load('typeorm');
      nest = load('kms-envelope/nest');
      kms = load('kms-envelope');
      kms.LocalKeyring.generate(path.join(folder, 'dev.key'));
    });
    after(() => Promise.all(apps.map((app) => app.close())));

    /** The repository of users in an application whose data source the factory makes. */
    async function repository(dataSourceFactory) {
      const { encryptedColumn } = load('kms-envelope/typeorm');
      const { TypeOrmModule, getRepositoryToken } = load('@nestjs/typeorm');
      const id = { type: 'integer', primary: true, generated: true };
      const columns = { id, ...encryptedColumn('email', EMAIL) };
      const user = new typeorm.EntitySchema({ name: 'User', tableName: 'users', columns });
      const keys = {};
      const database = TypeOrmModule.forRootAsync({
        inject: [kms.Fields],
        useFactory: (fields) => {
          keys.fields = fields;
          return {
            type: 'sqljs',
            driver: load('sql.js'),
            autoLoadEntities: true,
            synchronize: true,
          };
        },
        dataSourceFactory: (options) => dataSourceFactory(options, keys),
      });
      const store = new kms.FolderKeysetStore(fs.mkdtempSync(path.join(folder, 'keys-')));
      const imports = [
        nest.EnvelopeModule.forRoot({ keyId: `local:${path.join(folder, 'dev.key')}` }),
        nest.FieldsModule.forRoot({ store, tenant: 'app', create: true }),
        database,
        TypeOrmModule.forFeature([user]),
      ];
      const app = await load('@nestjs/core').NestFactory.createApplicationContext(
        moduleOf(load, { imports }),
        { logger: false, abortOnError: false },
      );
      apps.push(app);
      return app.get(getRepositoryToken(user), { strict: false });
    }

    it('encrypts where the keys of FieldsModule are given in dataSourceFactory', async () => {
      const { encryptDataSource } = load('kms-envelope/typeorm');
      const users = await repository(async (options, { fields }) => {
        const dataSource = await new typeorm.DataSource(options).initialize();
        return encryptDataSource(dataSource, { fields });
      });
      await users.save({ email: 'ada.xyzzy@example.org' });
      assert.equal(
        (await users.findOneBy({ email: 'ADA.xyzzy@example.org' })).email,
        'ada.xyzzy@example.org',
      );
      const [stored] = await users.query('select * from users');
      assert.match(stored.email, /^A[Q-Za-f][\w-]{40,}$/);
    });

    it('does not store in silence what is unencrypted where nobody gave keys', async () => {
      const users = await repository((options) => new typeorm.DataSource(options).initialize());
      await assert.rejects(users.save({ email: 'ada.xyzzy@example.org' }), {
        code: 'ERR_ENVELOPE_INVALID_ARGUMENT',
        message: /keys are not open/,
      });
      assert.deepEqual(await users.query('select * from users'), []);
    });
  },
);
