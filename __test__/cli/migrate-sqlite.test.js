'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { beforeEach, describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { assertFailed, finish, jsonLines, run, start, workplace } = require('../support/cli');
const {
  SQLITE_DRIVERS,
  hasNoted,
  nodeWithSqlite,
  openTenant,
  tableOfUsers,
} = require('../support/migrations');
const { PEERS, requireOrSkip, skipReason, skipWithout } = require('../support/requirements');
const { commandLine, hasPseudoTerminal, onTerminal } = require('../support/terminal');

const node = nodeWithSqlite();
const skip =
  skipWithout('peers') || skipReason(node, 'Node.js 24: run `node scripts/prepare.js peers`');
const COLUMN = { table: 'users', column: 'email', type: 'text', encoding: 'base64url' };

const place = workplace();
const { at } = place;
const { args, sql, users, insert } = tableOfUsers(place);

describe('kms-envelope fields migrate on SQLite', { skip }, () => {
  const peer = createRequire(path.join(PEERS, 'package.json'));
  let options;

  beforeEach(() => (options = { cwd: place.cwd, env: place.env, node }));

  /** Lets the project have SQLite by this driver, and no other. */
  function use({ install, env }) {
    install(place.cwd);
    options.env = { ...place.env, ...env };
  }

  async function migrated(...more) {
    const { code, stdout, stderr } = await run(args(...more, '--json'), options);
    assert.deepEqual([code, stderr], [0, '']);
    return jsonLines(stdout)[0];
  }

  for (const [name, driver] of Object.entries(SQLITE_DRIVERS)) {
    it(`encrypts all rows by ${name}; killed, it goes on where it was; then again under a new key`, async (t) => {
      use(driver);
      const fields = await openTenant(t, place);
      const index = { normalize: 'lowercase' };
      const column = fields.column({ table: 'users', column: 'email', type: 'text', index });
      insert(Array.from({ length: 1000 }, (_, i) => `User${i}@example.com`));
      const plain = [
        '--from',
        'plaintext',
        '--index',
        'email_index,normalize=lowercase,encoding=hex',
      ];
      const child = start(args(...plain, '--batch', '2'), options);
      await hasNoted(place);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      const left = users().filter(({ email }) => typeof email === 'string').length;
      assert.ok(left > 0 && left < 1000, `${left} are left`);

      const told = await migrated(...plain);
      assert.deepEqual([told.failed, told.resumed], [0, true]);
      const checkAll = () => {
        for (const { id, email, email_index: found } of users()) {
          const text = `User${id - 1}@example.com`;
          assert.equal(column.decrypt(Buffer.from(email.hex, 'hex'), { row: id }), text);
          assert.equal(found, column.index(text, { encoding: 'hex' }));
        }
      };
      checkAll();
      // What the application's own writes have left in pages goes with VACUUM.
      sql(['VACUUM']);
      assert.ok(!fs.readFileSync(at('app.db')).includes('@example'), 'no plaintext is in the file');

      const { keyId } = await fields.rotate();
      await fields.promote(keyId, { force: true });
      assert.equal((await migrated('--dry-run')).encrypted, 1000);
      assert.equal((await migrated('--index', plain[3])).encrypted, 1000);
      const id = Buffer.alloc(4);
      id.writeUInt32BE(keyId);
      assert.ok(users().every(({ email }) => email.hex.startsWith(`01${id.toString('hex')}`)));
      checkAll();
      assert.equal((await migrated()).encrypted, 0);
    });
  }

  it('shows on a terminal how many rows are done', async (t) => {
    if (!requireOrSkip(t, hasPseudoTerminal(), 'script of util-linux')) return;
    const column = (await openTenant(t, place)).column({ ...COLUMN, encoding: 'buffer' });
    insert(Array.from({ length: 60 }, (_, i) => `user${i}@example.com`));
    // A bar begins after 400 ms: each row takes some 20 ms, however fast the disk is.
    const counting =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT max(i) FROM n';
    sql([`CREATE TRIGGER slowly BEFORE UPDATE ON users BEGIN ${counting}; END`]);
    const line = commandLine(args('--from', 'plaintext', '--batch', '1'), node);
    const { code, shown } = await onTerminal(place, line);
    assert.equal(code, 0, shown);
    assert.match(shown, /=-* +\d+% {2}\d+ of 60 {2}(\d\d:\d\d|\.\.\.) left {2}users\.email/);
    assert.match(shown, /users\.email: 60 encrypted, 0 as they should be, 0 failed\r\n$/);
    const [first] = users();
    assert.equal(
      column.decrypt(Buffer.from(first.email.hex, 'hex'), { row: 1 }),
      'user0@example.com',
    );
  });

  it('ends cleanly by Ctrl-C', async (t) => {
    await openTenant(t, place);
    insert(Array.from({ length: 500 }, (_, i) => `user${i}@example.com`));
    const child = start(args('--from', 'plaintext', '--batch', '1'), options);
    const finished = finish(child);
    await hasNoted(place);
    child.kill('SIGINT');
    assertFailed(await finished, 130, 'ABORTED');
    const left = users().filter(({ email }) => typeof email === 'string').length;
    assert.ok(left > 0 && left < 500, `${left} are left`);
    assert.equal((await migrated('--from', 'plaintext')).resumed, true);
  });

  it('reads what other packages wrote, beside plaintext and messages', async (t) => {
    const column = (await openTenant(t, place)).column(COLUMN);
    const cloak = peer('@47ng/cloak');
    const { encryptData } = peer('typeorm-encrypted/lib/crypto.js');
    const keys = [cloak.generateKey(), crypto.randomBytes(32).toString('hex')];
    fs.writeFileSync(at('cloak.keys'), `${cloak.generateKey()}\n${keys[0]}\n`);
    fs.writeFileSync(at('typeorm.keys'), `${keys[1]}\n`);
    const otherKey = LocalKeyring.generate(at('other.key'));
    const [own, other] = [new Envelope(place.keyId), new Envelope({ keyring: otherKey })];
    const encryptionContext = { table: 'users' };
    const values = [
      cloak.encryptStringSync('by cloak', cloak.parseKeySync(keys[0])),
      encryptData(Buffer.from('by typeorm-encrypted'), {
        key: keys[1],
        algorithm: 'aes-256-gcm',
        ivLength: 16,
      }).toString('base64'),
      own.encryptSync('by an envelope', { encryptionContext }).toString('base64'),
      { hex: other.encryptSync('under another key', { encryptionContext }).toString('hex') },
      'in the clear: grüße',
      column.encrypt('ours', { row: 6 }),
    ];
    sql(
      ['CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)'],
      ...values.map((value) => ['INSERT INTO users (email) VALUES (?)', value]),
    );
    const origins = [
      ...['--from', 'cloak:cloak.keys', '--from', 'typeorm-encrypted:typeorm.keys'],
      ...['--from', 'message', '--from', `message:local:${at('other.key')}`, '-c', 'table=users'],
    ];
    const first = await run(args(...origins), options);
    assert.equal(first.code, 3, first.stderr);
    assert.match(
      first.stderr,
      /^.*MALFORMED_MESSAGE: 'users\.email, row 5': .*no known kind.*\n.*\n$/,
    );
    const told = await migrated(...origins, '--from', 'plaintext');
    assert.deepEqual([told.encrypted, told.unchanged], [1, 5]);
    assert.deepEqual(
      users().map(({ id, email }) => column.decrypt(email, { row: id })),
      [
        'by cloak',
        'by typeorm-encrypted',
        'by an envelope',
        'under another key',
        'in the clear: grüße',
        'ours',
      ],
    );
  });

  it('refuses a value of ours that was moved to another row, and one it has no key for', async (t) => {
    const column = (await openTenant(t, place)).column(COLUMN);
    const cloak = peer('@47ng/cloak');
    const unknown = cloak.encryptStringSync('x', cloak.parseKeySync(cloak.generateKey()));
    fs.writeFileSync(at('cloak.keys'), `${cloak.generateKey()}\n`);
    const moved = column.encrypt('ada', { row: 7 });
    sql(
      ['CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)'],
      ['INSERT INTO users (email) VALUES (?), (?)', moved, unknown],
    );
    const result = await run(args('--from', 'plaintext', '--from', 'cloak:cloak.keys'), options);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /FIELD_MISMATCH: 'users\.email, row 1'/);
    assert.match(result.stderr, /AUTHENTICATION_FAILED: 'users\.email, row 2'/);
    assert.deepEqual(
      users().map(({ email }) => email),
      [moved, unknown],
    );
  });

  it('leaves a number that would become infinite, null or 0', async (t) => {
    await openTenant(t, place);
    const json = ['{"a":1e400}', '{"a":1e-400}', '[-1e999]'];
    insert([...json, '{"a":1e30,"b":0.00,"c":-0e5}']);
    const result = await run(args('--from', 'plaintext', '--type', 'json'), options);
    assert.equal(result.code, 3, result.stderr);
    const stored = users().map(({ email }) => email);
    assert.deepEqual(stored.slice(0, 3), json);
    assert.notEqual(stored[3][0], '{');
    sql(['INSERT INTO users (email) VALUES (?)', '1e-400']);
    const numbers = await run(args('--from', 'plaintext', '--type', 'number'), options);
    assert.match(numbers.stderr, /row 5': the value is not a number/);
  });

  it('writes nothing in a dry run, and checks all the same', async (t) => {
    await openTenant(t, place);
    insert(['ada@example.com', null, 'eve@example.com']);
    const before = fs.readFileSync(at('app.db'));
    const told = await migrated('--from', 'plaintext', '--dry-run');
    assert.deepEqual([told.status, told.rows, told.encrypted], ['checked', 2, 2]);
    assert.ok(fs.readFileSync(at('app.db')).equals(before));
    const strict = await run(args('--dry-run'), options);
    assert.equal(strict.code, 3, strict.stderr);
  });

  const wrong = {
    'a kind that is not known': ['--from', 'other'],
    'plaintext of a kind that is not known': ['--from', 'plaintext:other'],
    'a package without its keys': ['--from', 'cloak'],
    'an index without its column': ['--from', 'plaintext', '--index', ',bits=4'],
    'an index with an unknown normalizer': ['--index', 'email_index,normalize=other'],
    'a column that is not there': ['--index', 'nothing'],
    'the column itself as its index': ['--index', 'email'],
    'a batch of nothing': ['--batch', '0'],
    'names without a column': ['--bound-to', 'users'],
    'another database': ['--database', 'mysql://127.0.0.1/x'],
  };
  for (const [name, more] of Object.entries(wrong)) {
    it(`refuses ${name}`, async (t) => {
      await openTenant(t, place);
      insert(['ada@example.com']);
      assertFailed(await run(args(...more), options), 2, 'INVALID_ARGUMENT');
      assert.equal(users()[0].email, 'ada@example.com');
    });
  }
});
