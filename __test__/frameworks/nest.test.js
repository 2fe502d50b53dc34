'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { projectFolder } = require('../support/project');
const { skipWithout } = require('../support/requirements');
const { VERSIONS, injectable, installNest, moduleOf } = require('./nest-app');

const COLUMN = { table: 'users', column: 'email', type: 'text', index: { normalize: 'lowercase' } };

for (const version of Object.keys(VERSIONS)) {
  describe(`NestJS ${version}`, { skip: skipWithout('frameworks') }, () => {
    const folder = projectFolder();
    let load;
    let nest;
    let kms;
    let core;
    let settings;
    const apps = [];

    before(() => {
      load = installNest(folder, version);
      nest = load('kms-envelope/nest');
      kms = load('kms-envelope');
      core = load('@nestjs/core');
      const keyring = kms.LocalKeyring.generate(path.join(folder, 'key'));
      settings = () => ({ keyring });
    });
    after(() => Promise.all(apps.map((app) => app.close())));

    async function start(metadata) {
      const app = await core.NestFactory.createApplicationContext(moduleOf(load, metadata), {
        logger: false,
        abortOnError: false,
      });
      apps.push(app);
      return app;
    }

    const store = () => new kms.FolderKeysetStore(fs.mkdtempSync(path.join(folder, 'keys-')));
    const fieldsOf = (options = {}) =>
      nest.FieldsModule.forRoot({ store: store(), tenant: 'app', create: true, ...options });

    it('injects an envelope by its class', async () => {
      const Vault = injectable(
        load,
        class Vault {
          constructor(envelope) {
            this.envelope = envelope;
          }
        },
        [kms.Envelope],
      );
      const app = await start({
        imports: [nest.EnvelopeModule.forRoot(settings())],
        providers: [Vault],
      });
      const { envelope } = app.get(Vault);
      const message = await envelope.encrypt('hello');
      assert.equal(String(await envelope.decrypt(message)), 'hello');
    });

    it('injects several envelopes by their names, each with its own key', async () => {
      const { InjectEnvelope, EnvelopeModule } = nest;
      const Vault = injectable(
        load,
        class Vault {
          constructor(uploads, mail) {
            Object.assign(this, { uploads, mail });
          }
        },
        [InjectEnvelope('uploads'), InjectEnvelope('mail')],
      );
      const other = kms.LocalKeyring.generate(path.join(folder, `other-${version}`));
      const app = await start({
        imports: [
          EnvelopeModule.forRoot({ name: 'uploads', ...settings() }),
          EnvelopeModule.forRootAsync({
            name: 'mail',
            useFactory: async () => ({ keyring: other }),
          }),
        ],
        providers: [Vault],
      });
      const { uploads, mail } = app.get(Vault);
      const message = await uploads.encrypt('hello');
      await assert.rejects(mail.decrypt(message), { code: 'ERR_ENVELOPE_NO_USABLE_KEY' });
    });

    it('takes the key from ConfigService', async () => {
      const { ConfigModule, ConfigService } = load('@nestjs/config');
      const file = path.join(folder, 'config.key');
      kms.LocalKeyring.generate(file);
      const app = await start({
        imports: [
          ConfigModule.forRoot({
            isGlobal: true,
            ignoreEnvFile: true,
            load: [() => ({ ENCRYPTION_KEY_ID: `local:${file}` })],
          }),
          nest.EnvelopeModule.forRootAsync({
            inject: [ConfigService],
            useFactory: (config) => ({ keyId: config.getOrThrow('ENCRYPTION_KEY_ID') }),
          }),
        ],
      });
      const envelope = app.get(kms.Envelope);
      assert.equal(await envelope.decryptText(await envelope.encryptText('x')), 'x');
    });

    it('an application whose key is not configured does not start', async () => {
      for (const [keyId, code] of [
        [undefined, 'ERR_ENVELOPE_INVALID_ARGUMENT'],
        ['', 'ERR_ENVELOPE_INVALID_ARGUMENT'],
        [`local:${path.join(folder, 'missing')}`, 'ERR_ENVELOPE_KEY_FILE'],
      ]) {
        const module = nest.EnvelopeModule.forRootAsync({ useFactory: () => ({ keyId }) });
        await assert.rejects(start({ imports: [module] }), { name: 'EnvelopeError', code });
      }
    });

    it('an application whose key service is not there does not start, unless told so', async () => {
      const keyring = new kms.AwsKmsKeyring({
        keyId: 'alias/app',
        region: 'eu-west-1',
        endpoint: 'http://127.0.0.1:9',
        maxAttempts: 1,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      });
      const { EnvelopeModule } = nest;
      await assert.rejects(start({ imports: [EnvelopeModule.forRoot({ keyring })] }), {
        code: 'ERR_ENVELOPE_KMS_UNREACHABLE',
      });
      await start({ imports: [EnvelopeModule.forRoot({ keyring, check: false })] });
    });

    it('warms the cache at the start, and empties it at shutdown', async () => {
      const encryptionContext = { tenant: 'a' };
      const app = await start({
        imports: [
          nest.EnvelopeModule.forRoot({
            ...settings(),
            cache: { maxAgeMs: 60_000 },
            warm: [encryptionContext],
          }),
        ],
      });
      const envelope = app.get(kms.Envelope);
      assert.equal(envelope.stats().cache.entries, 1);
      await app.close();
      assert.equal(envelope.stats().cache.entries, 0);
    });

    it('a mistake in the options is an error at once', () => {
      const { EnvelopeModule, FieldsModule } = nest;
      assert.throws(() => EnvelopeModule.forRootAsync({}), /useFactory must be a function/);
      assert.throws(() => EnvelopeModule.forRootAsync({ useFactroy: settings }), /"useFactroy"/);
      assert.throws(() => FieldsModule.forFeature(COLUMN), /must be an array/);
    });

    it('injects fields and columns, and wipes their keys at shutdown', async () => {
      const { InjectColumn, FieldsModule, EnvelopeModule } = nest;
      const Users = injectable(
        load,
        class Users {
          constructor(email, fields) {
            Object.assign(this, { email, fields });
          }
        },
        [InjectColumn(COLUMN), kms.Fields],
      );
      const app = await start({
        imports: [
          EnvelopeModule.forRoot(settings()),
          fieldsOf(),
          FieldsModule.forFeature([COLUMN]),
        ],
        providers: [Users],
      });
      const { email, fields } = app.get(Users);
      const stored = email.encrypt('ada@example.org', { row: 1 });
      assert.equal(email.decrypt(stored, { row: 1 }), 'ada@example.org');
      assert.deepEqual(email.index('ADA@example.org'), email.index('ada@example.org'));
      assert.equal(fields.tenant, 'app');
      await app.close();
      assert.throws(() => email.encrypt('x', { row: 1 }), {
        code: 'ERR_ENVELOPE_INVALID_ARGUMENT',
        message: /the fields are closed/,
      });
    });

    it('named fields have columns of their own', async () => {
      const { FieldsModule, EnvelopeModule, columnToken, fieldsToken } = nest;
      const app = await start({
        imports: [
          EnvelopeModule.forRoot({ name: 'keys', ...settings() }),
          fieldsOf({ name: 'blue', tenant: 'blue', envelope: 'keys' }),
          fieldsOf({ name: 'red', tenant: 'red', envelope: 'keys' }),
          FieldsModule.forFeature([COLUMN], { fields: 'blue' }),
          FieldsModule.forFeature([COLUMN], { fields: 'red' }),
        ],
      });
      assert.equal(app.get(fieldsToken('red')).tenant, 'red');
      const stored = app.get(columnToken(COLUMN, 'blue')).encrypt('x');
      const red = app.get(columnToken(COLUMN, 'red'));
      assert.throws(() => red.decrypt(stored), { code: 'ERR_ENVELOPE_NO_USABLE_KEY' });
    });

    it('a column outside of the container never lets a value through unencrypted', async () => {
      const { FieldsModule, EnvelopeModule, defineColumn } = nest;
      const email = defineColumn(COLUMN);
      // What an entity hands to TypeORM, made when the file is imported.
      const transformer = {
        to: (value) => email.encrypt(value),
        from: (value) => email.decrypt(value),
      };
      assert.throws(() => transformer.to('ada@example.org'), /users\.email is not open/);
      const metadata = () => ({
        imports: [EnvelopeModule.forRoot(settings()), fieldsOf(), FieldsModule.forFeature([email])],
      });
      const app = await start(metadata());
      const stored = transformer.to('ada@example.org');
      assert.ok(Buffer.isBuffer(stored) && !stored.includes('ada'));
      assert.equal(transformer.from(stored), 'ada@example.org');
      // Another application of this process has other keys.
      await assert.rejects(start(metadata()), /open for another application/);
      await app.close();
      assert.throws(() => transformer.to('ada@example.org'), /users\.email is not open/);
    });

    it('loads from ESM, as the same module', async () => {
      const program = path.join(folder, 'esm.mjs');
      fs.writeFileSync(
        program,
        `import "reflect-metadata";
        import { createRequire } from "node:module";
        import { Module } from "@nestjs/common";
        import { NestFactory } from "@nestjs/core";
        import { Envelope } from "kms-envelope";
        import { EnvelopeModule } from "kms-envelope/nest";
        class App {}
        Module({ imports: [EnvelopeModule.forRoot({ keyId: "local:key" })] })(App);
        const app = await NestFactory.createApplicationContext(App, { logger: false });
        const envelope = app.get(Envelope);
        console.log(await envelope.decryptText(await envelope.encryptText("esm")));
        console.log(createRequire(import.meta.url)("kms-envelope/nest").EnvelopeModule === EnvelopeModule);
        await app.close();`,
      );
      const run = await promisify(execFile)(process.execPath, [program], { cwd: folder });
      assert.equal(run.stdout, 'esm\ntrue\n');
      assert.equal(run.stderr, '');
    });
  });
}
