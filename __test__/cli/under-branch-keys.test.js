'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, Fields, FolderKeysetStore, inspect } = require('../..');
const { dynamoDb } = require('../support/branch-keys');
const { assertFailed, jsonLines, run } = require('../support/cli');
const { TABLE, keyStorePlace } = require('../support/key-stores');
const { STORE, nodeWithSqlite, sqlite } = require('../support/migrations');
const { skipReason, skipWithout } = require('../support/requirements');

describe('kms-envelope under branch keys', { skip: skipWithout('python') }, () => {
  const place = keyStorePlace();
  const { at, calls, cli, create, envelope, ok } = place;
  const read = (name) => fs.readFileSync(at(name));
  const write = (name, content) => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), content);
  };
  const keyNames = (name) =>
    inspect(read(name)).encryptedDataKeys.map((key) => `${key.keyProviderId} ${key.keyName}`);

  it('encrypts and decrypts a folder with one call of KMS each, as the library does', async () => {
    await create('files');
    for (const name of ['x', 'y', 'z']) write(`tree/${name}`, `the file ${name}`);
    await calls();
    await ok('encrypt', '-r', 'tree', '-o', 'out', '--branch-key', 'files', '-c', 'a=b');
    assert.deepEqual(await calls(), ['Decrypt', 'GetItem']);
    assert.deepEqual(keyNames('out/x.encrypted'), ['aws-kms-hierarchy files']);
    const opened = await envelope('files').decryptMessage(read('out/y.encrypted'));
    assert.equal(String(opened.plaintext), 'the file y');
    assert.deepEqual(opened.header.encryptionContext, { a: 'b' });

    await place.store.rotate('files');
    await calls();
    await ok('decrypt', '-r', 'out', '-o', 'back', '--branch-key', 'files', '-c', 'a=b');
    assert.deepEqual(await calls(), ['Decrypt', 'GetItem']);
    for (const name of ['x', 'y', 'z'])
      assert.equal(String(read(`back/${name}`)), `the file ${name}`);
    const again = await ok(
      'encrypt',
      '-r',
      'tree',
      '-o',
      'out',
      '--branch-key',
      'files',
      '-c',
      'a=b',
    );
    assert.match(again.stderr, /3 skipped/);
  });

  it('re-encrypts from a KMS key to a branch key, and on to another', async () => {
    await create('old');
    await create('new');
    const plain = new Envelope({
      keyring: new AwsKmsKeyring({ keyId: place.kmsKeyId, endpoint: place.moto.endpoint }),
    });
    write('a.encrypted', await plain.encrypt('hello'));
    const to = (...names) => [
      're-encrypt',
      'a.encrypted',
      '--force',
      '--to-key',
      place.kmsKeyId,
      ...names,
    ];
    await ok(...to('--to-branch-key', 'old'));
    assert.equal(String(await envelope('old').decrypt(read('a.encrypted'))), 'hello');
    const onwards = to('--branch-key', 'old', '--to-branch-key', 'new');
    await ok(...onwards);
    assert.equal(String(await envelope('new').decrypt(read('a.encrypted'))), 'hello');
    assert.match((await ok(...onwards)).stderr, /^skipped /);

    const before = read('a.encrypted');
    const { version } = await place.store.rotate('new');
    await ok(...to('--branch-key', 'new', '--to-branch-key', 'new'));
    const bytes = Buffer.from(version.replaceAll('-', ''), 'hex');
    assert.deepEqual([before.includes(bytes), read('a.encrypted').includes(bytes)], [false, true]);
    await ok(...to('--branch-key', 'new'));
    assert.equal(String(await plain.decrypt(read('a.encrypted'))), 'hello');
  });

  it('makes data keys, and keys of columns, under a branch key', async () => {
    await create('keys');
    const under = ['--branch-key', 'keys'];
    const { stdout } = await ok('generate-data-key', ...under, '-c', 'a=b', '--json');
    const [{ plaintext, ciphertextBlob, keyId }] = jsonLines(stdout);
    assert.equal(keyId, 'keys');
    const blob = Buffer.from(ciphertextBlob, 'base64');
    const opened = await envelope('keys').decryptDataKey(blob, { encryptionContext: { a: 'b' } });
    assert.equal(opened.plaintext.toString('base64'), plaintext);

    const fields = ['--store', 'keysets', '--tenant', 'acme', ...under];
    await ok('fields', 'create', ...fields);
    for (const command of ['show', 'rotate']) await ok('fields', command, ...fields);
    await ok('fields', 'export', ...fields, '--form', 'tink-json', '--output', 'keyset.json');
    const other = ['--store', 'keysets', '--tenant', 'acme'];
    assert.equal((await cli('fields', 'show', ...other)).code, 4);
  });

  it('stops at the first file where the branch key to encrypt under is not there', async () => {
    for (let i = 0; i < 20; i++) write(`many/${i}`, 'x');
    const { code, stderr } = await cli('encrypt', '-r', 'many', '--branch-key', 'missing');
    assert.equal(code, 4);
    assert.match(stderr, /ERR_ENVELOPE_BRANCH_KEY_NOT_FOUND: .*"missing"/);
    assert.match(stderr, /^\d failed, 1\d not reached$/m);
    assert.equal(fs.readdirSync(at('many')).length, 20);
  });

  it('decrypts the other files where one is under a version that was destroyed', async () => {
    const { version } = await create('partly');
    write('in/a.encrypted', await envelope('partly').encrypt('a'));
    await place.store.rotate('partly');
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g']) {
      write(`in/${name}.encrypted`, await envelope('partly').encrypt(name));
    }
    const Key = { 'branch-key-id': { S: 'partly' }, type: { S: `branch:version:${version}` } };
    await dynamoDb(place.moto.endpoint, 'DeleteItem', { TableName: TABLE, Key });
    const args = ['decrypt', '-r', 'in', '-o', 'out', '--branch-key', 'partly'];
    const { code, stderr } = await cli(...args);
    assert.equal(code, 4);
    assert.match(stderr, /BRANCH_KEY_NOT_FOUND: 'in\/a\.encrypted': .*has no version/);
    assert.match(stderr, /1 failed, 6 decrypted|6 decrypted, 1 failed/);
    assert.equal(fs.readdirSync(at('out')).length, 6);
  });

  it('does not read a message under another branch key', async () => {
    await create('mine');
    await create('theirs');
    write('a.encrypted', await envelope('theirs').encrypt('a'));
    assertFailed(await cli('decrypt', 'a.encrypted', '--branch-key', 'mine'), 4, 'NO_USABLE_KEY');
    assertFailed(await cli('decrypt', 'a.encrypted'), 4, 'NO_USABLE_KEY');
  });

  const under = ['--branch-key', 'a'];
  const wrong = {
    'an empty id': ['encrypt', 'x', '--branch-key', ''],
    'a key that is no ARN': ['encrypt', 'x', ...under, '--key', 'alias/app'],
    'no table': ['encrypt', 'x', ...under, '--key-store', ''],
    'no logical name': ['encrypt', 'x', ...under, '--logical-name', ''],
    'a key store without a branch key': ['encrypt', 'x', '--key-store', 'branch-keys'],
    'a logical name without a branch key': ['decrypt', 'x.encrypted', '--logical-name', 'y'],
    'a new branch key without its KMS key': ['re-encrypt', 'x', '--to-branch-key', 'a'],
  };
  for (const [name, args] of Object.entries(wrong)) {
    it(`refuses ${name}, and does nothing`, async () => {
      write('x', 'x');
      write('x.encrypted', 'x');
      await calls();
      assertFailed(await cli(...args), 2, 'INVALID_ARGUMENT');
      assert.deepEqual(await calls(), []);
      assert.equal(fs.readdirSync(place.cwd).length, 2);
    });
  }

  const noSqlite = skipWithout('peers') || skipReason(nodeWithSqlite(), 'Node.js 24');
  it('migrates a column under keys that a branch key wraps', { skip: noSqlite }, async (t) => {
    await create('fields');
    const values = ['ada@example.com', 'grace@example.com'];
    const sql = (...statements) => sqlite(at('app.db'), statements);
    sql(
      ['CREATE TABLE users (id INTEGER PRIMARY KEY, email)'],
      ...values.map((value) => ['INSERT INTO users (email) VALUES (?)', value]),
    );
    const named = ['--branch-key', 'fields', '--store', STORE, '--tenant', 'acme'];
    await ok('fields', 'create', ...named);
    const column = ['--database', 'sqlite:app.db', '--table', 'users', '--column', 'email'];
    const args = ['fields', 'migrate', ...named, ...column, '--from', 'plaintext', '--json'];
    const { cwd, env } = place;
    await calls();
    const { code, stdout, stderr } = await run(args, { cwd, env, node: nodeWithSqlite() });
    assert.equal(code, 0, stderr);
    assert.equal(jsonLines(stdout)[0].failed, 0);
    assert.deepEqual(await calls(), ['Decrypt', 'GetItem']);
    const store = new FolderKeysetStore(at(STORE));
    const fields = await Fields.open({ envelope: envelope('fields'), store, tenant: 'acme' });
    t.after(() => fields.close());
    const opened = fields.column({ table: 'users', column: 'email', type: 'text' });
    const [rows] = sql(['SELECT * FROM users ORDER BY id']);
    assert.deepEqual(
      rows.map(({ id, email }) => opened.decrypt(Buffer.from(email.hex, 'hex'), { row: id })),
      values,
    );
  });
});
