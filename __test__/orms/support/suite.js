'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');

const { Fields } = require('../../..');
const { MemoryStore, envelope } = require('../../support/fields');
const { postgresPrograms } = require('../../support/postgres');
const { skipReason, skipWithout } = require('../../support/requirements');
const { CASES } = require('./cases');
const { MARK, filesWithPlaintext, openPostgres, openSqlite } = require('./databases');

const DATABASES = { PostgreSQL: openPostgres, SQLite: openSqlite };

/**
 * The cases that all adapters have in common, and those of this one, on each database.
 *
 * @param {string} title
 * @param {(context: { database: any, fields: Fields, log(line: unknown): void }) => Promise<any>} connect
 *   gives the world of the ORM: what `CASES` call, and `close`
 * @param {Record<string, (world: any) => Promise<void>>} [own]
 */
function suite(title, connect, own = {}) {
  for (const [name, open] of Object.entries(DATABASES)) {
    const missing =
      skipWithout('orms') ||
      (name === 'PostgreSQL' && skipReason(postgresPrograms(), 'install the package postgresql'));
    describe(`${title} on ${name}`, { skip: missing }, () => {
      const log = [];
      let database;
      let fields;
      let world;

      before(async () => {
        database = await open();
      });
      beforeEach(async () => {
        fields?.close();
        await world?.close();
        await database.clear();
        fields = await Fields.open({
          envelope: envelope(),
          store: new MemoryStore(),
          tenant: 'acme',
          create: true,
        });
        const context = { database, fields, log: (line) => log.push(String(line)) };
        world = { sql: database.sql, promoteNewKey, ...(await connect(context)) };
      });
      after(async () => {
        fields?.close();
        await world?.close();
        await database?.close();
      });

      async function promoteNewKey(purpose) {
        await fields.promote(await fields.addKey(purpose), { force: true });
      }

      for (const [sentence, run] of Object.entries({ ...CASES, ...own })) {
        it(sentence, () => run(world));
      }

      it('leaves no plaintext in any table, log or WAL', async () => {
        await world.createMany([{ name: 'Ada', email: `ada.${MARK}@example.com`, phone: MARK }]);
        await database.flush();
        assert.deepEqual(filesWithPlaintext(database.folder), []);
        const ofOrm = log.join('\n');
        assert.match(ofOrm, /insert into/i);
        assert.ok(!ofOrm.includes(MARK), ofOrm.slice(ofOrm.indexOf(MARK) - 400).slice(0, 800));
      });
    });
  }
}

module.exports = { suite };
