'use strict';

const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { Keyset, SqlKeysetStore } = require('../..');
const { assertFailed, finish, jsonLines, workplace } = require('../support/cli');
const { STORE, hasNoted, openTenant, withPackages } = require('../support/migrations');
const { postgresPrograms, startPostgres } = require('../support/postgres');
const { PEERS, skipReason, skipWithout } = require('../support/requirements');

const skip =
  skipWithout('peers') || skipReason(postgresPrograms(), 'PostgreSQL: apt-get install postgresql');
const COLUMN = { table: 'users', column: 'email', type: 'text', encoding: 'base64url' };
const INDEX = { normalize: ['nfkc', 'lowercase'] };

const place = workplace();

describe('kms-envelope fields migrate on PostgreSQL', { skip }, () => {
  let pg;
  let server;
  let client;

  before(async () => {
    pg = createRequire(path.join(PEERS, 'package.json'))('pg');
    server = await startPostgres();
    client = new pg.Client({ connectionString: server.url });
    await client.connect();
  });

  after(async () => {
    await client?.end();
    server?.stop();
  });

  beforeEach(async () => {
    withPackages(place.cwd);
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  });

  const options = (...more) => [
    'fields',
    'migrate',
    ...['--store', STORE, '--tenant', 'acme', '--database', server.url],
    ...['--table', 'users', '--column', 'email'],
    ...more,
  ];
  const PLAIN = ['--from', 'plaintext', '--index', 'email_index,normalize=nfkc+lowercase'];

  /** Runs it to a good end; returns what it tells. */
  async function migrated(...more) {
    const { code, stdout, stderr } = await place.cli(...options(...more, '--json'));
    assert.equal(code, 0, stderr);
    return jsonLines(stdout)[0];
  }

  async function makeUsers(count) {
    await client.query(`
      CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n integer, email text,
        email_index bytea);
      INSERT INTO users (n, email) SELECT n, 'User' || n || '@example.com'
      FROM generate_series(1, ${count}) AS n`);
  }

  const users = async () => (await client.query('SELECT * FROM users ORDER BY n')).rows;

  it('encrypts all rows, and fills the index; killed, it goes on where it was', async (t) => {
    const fields = await openTenant(t, place);
    const column = fields.column({ ...COLUMN, index: INDEX });
    await makeUsers(3000);
    const child = place.start(...options(...PLAIN, '--batch', '5'));
    await hasNoted(place);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const left = (await users()).filter(({ email }) => email.includes('@')).length;
    assert.ok(left > 0 && left < 3000, `${left} are left`);

    const told = await migrated(...PLAIN);
    assert.deepEqual([told.failed, told.resumed], [0, true]);
    assert.ok(told.rows < 3000 && told.encrypted <= left, 'what was done is not done again');
    for (const { id, n, email, email_index: index } of await users()) {
      assert.equal(column.decrypt(email, { row: id }), `User${n}@example.com`);
      assert.ok(index.equals(column.index(`user${n}@example.com`, { encoding: 'buffer' })));
    }
    const found = await client.query("SELECT FROM users WHERE users::text ILIKE '%example%'");
    assert.equal(found.rowCount, 0, 'no plaintext is in the table');
    const again = await migrated(...PLAIN);
    assert.deepEqual([again.rows, again.encrypted, again.unchanged], [3000, 0, 3000]);
    assert.deepEqual(fs.readdirSync(place.cwd).sort(), [STORE, 'node_modules']);
  });

  it('keeps the keys in the same database, which migrate takes them from', async () => {
    const keys = ['--store', server.url, '--tenant', 'acme'];
    const fields = (...args) => place.cli('fields', ...args, ...keys);
    assertFailed(await fields('show'), 4, 'KEYSET_NOT_FOUND');
    const versions = [];
    for (const command of ['create', 'rotate', 'show']) {
      const { code, stderr } = await fields(command);
      assert.deepEqual([code, stderr], [0, ''], command);
      const { rows } = await client.query('SELECT tenant, version FROM field_keys');
      assert.deepEqual(rows, [{ tenant: 'acme', version: rows[0].version }]);
      versions.push(rows[0].version);
    }
    const [first] = versions;
    assert.deepEqual(versions, [first, first + 1, first + 1]);
    assertFailed(await fields('create'), 2, 'INVALID_ARGUMENT');
    const { stdout } = await fields('export', '--form', 'tink-binary');
    assert.equal((await Keyset.import(stdout, { from: 'tink-binary' })).keys().length, 2);

    await makeUsers(3);
    assert.equal((await migrated('--from', 'plaintext', ...keys)).encrypted, 3);
    assert.equal((await users()).filter(({ email }) => email.includes('@')).length, 0);
    assert.equal((await fields('destroy', '--yes')).code, 0);
    assertFailed(await fields('show'), 4, 'KEYSET_NOT_FOUND');
  });

  it('lets one of many change the keys in the database at once', async (t) => {
    const pool = new pg.Pool({ connectionString: server.url, max: 8 });
    t.after(() => pool.end());
    const query = (sql, values) => pool.query(sql, values);
    const store = new SqlKeysetStore({ dialect: 'postgresql', query });
    await pool.query(store.createTableSql);
    for (const version of [1, 2]) {
      const saves = Array.from({ length: 8 }, (_, i) =>
        store.save('acme', Buffer.of(version, i), { version, previousVersion: version - 1 }),
      );
      const saved = await Promise.all(saves);
      assert.equal(saved.filter(Boolean).length, 1);
      const data = Buffer.of(version, saved.indexOf(true));
      assert.deepEqual(await store.load('acme'), { data, version });
    }
  });

  it('ends cleanly by Ctrl-C', async (t) => {
    await openTenant(t, place);
    await makeUsers(3000);
    const child = place.start(...options(...PLAIN, '--batch', '5'));
    const finished = finish(child);
    await hasNoted(place);
    child.kill('SIGINT');
    assertFailed(await finished, 130, 'ABORTED');
    const told = await migrated(...PLAIN);
    assert.deepEqual([told.failed, told.resumed], [0, true]);
    assert.equal((await users()).filter(({ email }) => email.includes('@')).length, 0);
  });

  it('takes a row anew that the application changes while it is written', async (t) => {
    const column = (await openTenant(t, place)).column(COLUMN);
    await makeUsers(20);
    const [first, second, third] = await users();
    await client.query('BEGIN');
    await client.query("UPDATE users SET email = 'new@example.com' WHERE id = $1", [first.id]);
    await client.query('UPDATE users SET email = NULL WHERE id = $1', [second.id]);
    await client.query('DELETE FROM users WHERE id = $1', [third.id]);
    const finished = place.cli(...options('--from', 'plaintext', '--json'));
    await waitsForLock();
    await client.query('COMMIT');
    const { code, stdout, stderr } = await finished;
    assert.equal(code, 0, stderr);
    assert.equal(jsonLines(stdout)[0].encrypted, 18);
    const rows = await users();
    assert.equal(column.decrypt(rows[0].email, { row: first.id }), 'new@example.com');
    assert.equal(rows[1].email, null);
    assert.equal(rows.length, 19);
  });

  /** Waits until the command line waits for a row that this test holds. */
  async function waitsForLock() {
    const sql = `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE NOT l.granted AND a.application_name = 'kms-envelope'`;
    for (let i = 0; i < 3000; i++) {
      if ((await client.query(sql)).rowCount > 0) return;
      await sleep(10);
    }
    assert.fail('it does not wait');
  }

  it('writes nothing that would fail for the rest of a batch, and names the rows', async (t) => {
    const column = (await openTenant(t, place)).column(COLUMN);
    await client.query(`
      CREATE TABLE users (id integer PRIMARY KEY, email text CHECK (length(email) < 80));
      INSERT INTO users VALUES (1, 'ada@example.com'), (2, repeat('x', 70)), (3, NULL),
        (4, 'v1.aesgcm256.94d96cb1.DX6eyUOEp41cK_QP.89LeLXGVamMSoeCJ9_-TcMsHnSR0NGbL90j7'),
        (5, 'eve@example.com')`);
    const { code, stderr } = await place.cli(...options('--from', 'plaintext'));
    assert.equal(code, 1, stderr);
    const [unknown, check] = stderr.split('\n');
    assert.match(unknown, /MALFORMED_MESSAGE: 'users\.email, row 4': .* no known kind/);
    assert.match(check, /DATABASE: 'users\.email, row 2': .* check .*\(23514\)/);
    assert.doesNotMatch(stderr, /xxx|aesgcm|example/, 'no value is told');
    const { rows } = await client.query('SELECT * FROM users ORDER BY id');
    assert.deepEqual(rows[1].email, 'x'.repeat(70));
    assert.equal(rows[2].email, null);
    assert.match(rows[3].email, /^v1\.aesgcm256/);
    assert.equal(column.decrypt(rows[0].email, { row: 1 }), 'ada@example.com');
    assert.equal(column.decrypt(rows[4].email, { row: 5 }), 'eve@example.com');
  });

  it('writes other types to a second column, exactly or not at all', async (t) => {
    const fields = await openTenant(t, place);
    await client.query(`
      CREATE TABLE users (id bigint PRIMARY KEY, born timestamptz, data jsonb, more text, out bytea);
      INSERT INTO users VALUES (1, '2026-02-28 13:34:56.789+01', '{"a": 1.50}'),
        (2, '2026-02-28 12:34:56.789123+00', '{"a": 12345678901234567890}')`);
    const to = async (column, type) => {
      const args = ['--column', column, '--type', type, '--from', 'plaintext', '--to', 'out'];
      const { code, stderr } = await place.cli(...options(...args));
      assert.equal(code, 3, stderr);
      assert.match(stderr, /row 2': the value is/);
      const { rows } = await client.query('SELECT out FROM users ORDER BY id');
      await client.query('UPDATE users SET out = NULL');
      assert.equal(rows[1].out, null);
      return fields
        .column({ table: 'users', column: 'out', type })
        .decrypt(rows[0].out, { row: 1 });
    };
    assert.deepEqual(await to('born', 'date'), new Date('2026-02-28T12:34:56.789Z'));
    assert.deepEqual(await to('data', 'json'), { a: 1.5 });
    assertFailed(
      await place.cli(...options('--column', 'data', '--from', 'plaintext')),
      2,
      'INVALID_ARGUMENT',
    );
  });

  it('takes the rows of one tenant only, and refuses the values of another', async (t) => {
    await openTenant(t, place);
    const other = (await openTenant(t, place, 'other')).column(COLUMN);
    await client.query('CREATE TABLE users (id integer PRIMARY KEY, tenant text, email text)');
    const insert = (...values) => client.query('INSERT INTO users VALUES ($1, $2, $3)', values);
    await insert(1, 'acme', 'ada@example.com');
    await insert(2, 'other', 'eve@example.com');
    const told = await migrated('--from', 'plaintext', '--tenant-column', 'tenant');
    assert.deepEqual([told.rows, told.encrypted], [1, 1]);
    await insert(3, 'acme', other.encrypt('mallory', { row: 3 }));
    await insert(4, 'acme', other.encrypt('mallory', { row: 4 }));
    const mixed = await place.cli(...options('--from', 'plaintext', '--tenant-column', 'tenant'));
    assert.equal(mixed.code, 4);
    assert.match(mixed.stderr, /NO_USABLE_KEY: .*row 3': .*under key[^]*row 4': .*under key/);
  });

  it('tells what is wrong with the database, and no password', async (t) => {
    await openTenant(t, place);
    await client.query('CREATE TABLE users (id integer PRIMARY KEY, email text)');
    const wrong = {
      '--table': ['nowhere', 2, 'INVALID_ARGUMENT'],
      '--column': ['nothing', 2, 'INVALID_ARGUMENT'],
      '--database': ['postgres://test:hunter2@127.0.0.1:1/postgres', 1, 'DATABASE'],
    };
    for (const [option, [value, exit, code]] of Object.entries(wrong)) {
      const result = await place.cli(...options('--from', 'plaintext', option, value));
      assertFailed(result, exit, code);
      assert.doesNotMatch(result.stderr, /hunter2/);
    }
    fs.rmSync(path.join(place.cwd, 'node_modules'));
    const missing = await place.cli(...options('--from', 'plaintext'));
    assert.match(missing.stderr, /CONFIGURATION: .*npm install pg/);
  });
});
