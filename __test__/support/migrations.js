'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const { Envelope, Fields, FolderKeysetStore } = require('../..');
const { nodeBinary } = require('./nodes');
const { PEERS } = require('./requirements');

/** The folder of keys that `fields migrate` is given, in the workplace of a test. */
const STORE = 'keys';

/** Makes the packages of the peers those of the project that the command line runs in. */
function withPackages(folder) {
  fs.symlinkSync(path.join(PEERS, 'node_modules'), path.join(folder, 'node_modules'));
}

/**
 * The two packages that open a file of SQLite, each without the other: how a project gets it, in the
 * folder of a test, and the environment of the command line.
 *
 * @type {Record<string, { install(folder: string): void, env: Record<string, string> }>}
 */
const SQLITE_DRIVERS = {
  'node:sqlite': { install() {}, env: {} },
  'better-sqlite3': { install: withPackages, env: { NODE_OPTIONS: '--no-experimental-sqlite' } },
};

/** Opens the tenant whose keys the command line uses, with all keys; closed when the test ends. */
async function openTenant(t, place, tenant = 'acme') {
  const envelope = new Envelope(place.keyId);
  const store = new FolderKeysetStore(place.at(STORE));
  const fields = await Fields.open({ envelope, store, tenant, create: true, refreshMs: 1000 });
  t.after(() => fields.close());
  return fields;
}

/** Waits until a run has noted how far it came. */
async function hasNoted(place) {
  const isState = (name) => /^\.kms-envelope-migrate-.*\.json$/.test(name);
  for (let i = 0; i < 3000; i++) {
    if (fs.readdirSync(place.cwd).some(isState)) return;
    await sleep(5);
  }
  assert.fail('the run has noted nothing');
}

/** A Node.js that has SQLite; nothing if none is here. */
function nodeWithSqlite() {
  return nodeBinary(24);
}

/** Runs statements on a file of SQLite, in a Node.js that can; returns the rows of each. */
function sqlite(file, statements) {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1], { timeout: 10_000 });
    const rows = JSON.parse(require('node:fs').readFileSync(0)).map(([sql, ...values]) => {
      const bytes = values.map((one) => one?.hex === undefined ? one : Buffer.from(one.hex, 'hex'));
      return database.prepare(sql).all(...bytes);
    });
    console.log(JSON.stringify(rows, (_, value) =>
      value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value));`;
  const args = ['--no-warnings', '-e', script, file];
  const input = JSON.stringify(statements);
  return JSON.parse(execFileSync(nodeWithSqlite(), args, { input, maxBuffer: 2 ** 28 }));
}

/** A table of users in the workplace of a test, and the command line that migrates its column `email`. */
function tableOfUsers({ at }) {
  const sql = (...statements) => sqlite(at('app.db'), statements);
  return {
    sql,
    args: (...more) => [
      ...['fields', 'migrate', '--store', STORE, '--tenant', 'acme'],
      ...['--database', 'sqlite:app.db', '--table', 'users', '--column', 'email'],
      ...more,
    ],
    users: () => sql(['SELECT * FROM users ORDER BY id'])[0],
    insert(values) {
      sql(
        ['CREATE TABLE users (id INTEGER PRIMARY KEY, email, email_index TEXT)'],
        ['BEGIN'],
        ...values.map((value) => ['INSERT INTO users (email) VALUES (?)', value]),
        ['COMMIT'],
      );
    },
  };
}

module.exports = {
  SQLITE_DRIVERS,
  STORE,
  hasNoted,
  nodeWithSqlite,
  openTenant,
  sqlite,
  tableOfUsers,
  withPackages,
};
