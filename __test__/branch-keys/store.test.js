'use strict';

const assert = require('node:assert/strict');
const { before, describe, test } = require('node:test');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { dynamoDb, setEnvironment } = require('../support/branch-keys');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

setEnvironment();
const encryptionContext = { tenant: 'blue', '\u{1f600}': 'x', '\uff5e': 'y' };

describe('a store of branch keys', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kmsKeyId;
  before(async () => {
    kmsKeyId = (await moto.createKey({ region: 'us-west-2' })).arn;
    await newStore().createTable();
  });

  function newStore(options = {}) {
    return new BranchKeyStore({
      tableName: 'branch-keys',
      logicalName: 'tenants',
      kmsKeyId,
      endpoint: moto.endpoint,
      kmsEndpoint: moto.endpoint,
      maxAttempts: 1,
      ...options,
    });
  }

  function envelopeOf(branchKeyStore, branchKeyId, options = {}) {
    return new Envelope({
      keyring: new HierarchicalKeyring({ branchKeyStore, branchKeyId, ...options }),
    });
  }

  async function calls() {
    const targets = await moto.operations();
    const count = {};
    for (const target of targets.sort()) count[target] = (count[target] ?? 0) + 1;
    return count;
  }

  test('a branch key that was created encrypts, and is described without any key', async () => {
    const store = newStore();
    const created = await store.create({ branchKeyId: 'first', encryptionContext: { a: 'b' } });
    assert.equal(created.branchKeyId, 'first');
    const envelope = envelopeOf(store, 'first');
    const message = await envelope.encrypt('hello', { encryptionContext });
    assert.equal(String(await envelope.decrypt(message)), 'hello');
    const { versions, ...described } = await store.describe('first');
    assert.deepEqual(described, {
      branchKeyId: 'first',
      activeVersion: created.version,
      kmsKeyId,
      encryptionContext: { a: 'b' },
    });
    assert.deepEqual(
      versions.map(({ version }) => version),
      [created.version],
    );
    assert.match(versions[0].createTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok((await store.list()).includes('first'));
    assert.deepEqual(store.info(), {
      tableName: 'branch-keys',
      logicalName: 'tenants',
      kmsKeyId,
      multiRegion: false,
    });
  });

  test('a branch key without an id gets a random one', async () => {
    const { branchKeyId } = await newStore().create();
    assert.match(branchKeyId, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  test('an id of the caller needs a context, and cannot be created twice', async () => {
    const store = newStore();
    await rejection(store.create({ branchKeyId: 'x' }), 'INVALID_ARGUMENT');
    await rejection(store.create({ branchKeyId: '' }), 'INVALID_ARGUMENT');
    const options = { branchKeyId: 'once', encryptionContext: { a: 'b' } };
    await store.create(options);
    await rejection(store.create(options), 'BRANCH_KEY_EXISTS');
  });

  test('after a rotation, old messages are read, and new ones have the new version', async () => {
    const store = newStore();
    const first = await store.create({ branchKeyId: 'turns', encryptionContext: { a: 'b' } });
    const envelope = envelopeOf(store, 'turns');
    const old = await envelope.encrypt('old');
    const second = await store.rotate('turns');
    assert.notEqual(second.version, first.version);
    const message = await envelope.encrypt('new');
    assert.equal(String(await envelopeOf(newStore(), 'turns').decrypt(old)), 'old');
    assert.equal(String(await envelopeOf(newStore(), 'turns').decrypt(message)), 'new');
    const { activeVersion, versions } = await store.describe('turns');
    assert.equal(activeVersion, second.version);
    assert.equal(versions.length, 2);
    assert.ok(message.includes(Buffer.from(second.version.replaceAll('-', ''), 'hex')));
  });

  test('of two rotations at once one wins, and the other says so', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'race', encryptionContext: { a: 'b' } });
    const rotations = Array.from({ length: 4 }, () => store.rotate('race'));
    const results = await Promise.allSettled(rotations);
    const failed = results.filter(({ status }) => status === 'rejected');
    const won = results.length - failed.length;
    assert.ok(won >= 1);
    for (const { reason } of failed) assert.equal(reason.code, 'ERR_ENVELOPE_BRANCH_KEY_CONFLICT');
    assert.equal((await store.describe('race')).versions.length, 1 + won);
  });

  test('a destroyed branch key neither encrypts nor decrypts', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'gone', encryptionContext: { a: 'b' } });
    await store.rotate('gone');
    const envelope = envelopeOf(store, 'gone');
    const message = await envelope.encrypt('x');
    await envelope.decrypt(message);
    assert.deepEqual(await store.destroy('gone'), { versions: 2 });
    await rejection(envelope.decrypt(message), 'BRANCH_KEY_NOT_FOUND');
    await rejection(envelope.encrypt('x'), 'BRANCH_KEY_NOT_FOUND');
    await rejection(store.describe('gone'), 'BRANCH_KEY_NOT_FOUND');
    await rejection(store.destroy('gone'), 'BRANCH_KEY_NOT_FOUND');
    await rejection(store.rotate('gone'), 'BRANCH_KEY_NOT_FOUND');
  });

  test('10,000 cold encrypts read the table once and call KMS once', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'busy', encryptionContext: { a: 'b' } });
    await moto.clearRequests();
    const envelope = envelopeOf(newStore(), 'busy');
    const messages = await Promise.all(Array.from({ length: 10_000 }, () => envelope.encrypt('x')));
    assert.deepEqual(await calls(), { Decrypt: 1, GetItem: 1 });
    await moto.clearRequests();
    const other = envelopeOf(newStore(), 'busy');
    await Promise.all(messages.map((message) => other.decrypt(message)));
    assert.deepEqual(await calls(), { Decrypt: 1, GetItem: 1 });
  });

  test('10,000 decrypts over 50 versions read each of these once', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'versions', encryptionContext: { a: 'b' } });
    const messages = [];
    const envelope = envelopeOf(store, 'versions');
    for (let i = 0; i < 50; i++) {
      messages.push(await envelope.encrypt(`${i}`));
      await store.rotate('versions');
    }
    await moto.clearRequests();
    const other = envelopeOf(newStore(), 'versions');
    const many = Array.from({ length: 10_000 }, (_, i) => messages[i % 50]);
    await Promise.all(many.map((message) => other.decrypt(message)));
    assert.deepEqual(await calls(), { Decrypt: 50, GetItem: 50 });
  });

  test('the synchronous calls work with a cached branch key, and without one the error says so', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'sync', encryptionContext: { a: 'b' } });
    const envelope = envelopeOf(store, 'sync');
    thrown(() => envelope.encryptSync('x'), 'WOULD_BLOCK');
    const message = await envelope.encrypt('x', { encryptionContext });
    thrown(() => envelope.decryptSync(message), 'WOULD_BLOCK');
    await envelope.decrypt(message);
    assert.equal(String(envelope.decryptSync(message, { encryptionContext })), 'x');
    assert.equal(String(envelope.decryptSync(envelope.encryptSync('y'))), 'y');
  });

  test('a function chooses the branch key of a tenant by the context', async () => {
    const store = newStore();
    for (const id of ['t-1', 't-2']) {
      await store.create({ branchKeyId: id, encryptionContext: { tenant: id } });
    }
    const branchKeyIdOf = async ({ tenant }) => `t-${tenant}`;
    const keyring = new HierarchicalKeyring({ branchKeyStore: store, branchKeyIdOf });
    const envelope = new Envelope({ keyring });
    const message = await envelope.encrypt('x', { encryptionContext: { tenant: '2' } });
    assert.equal(String(await envelope.decrypt(message)), 'x');
    assert.equal(String(await envelopeOf(store, 't-2').decrypt(message)), 'x');
    await rejection(envelopeOf(store, 't-1').decrypt(message), 'NO_USABLE_KEY');
    const wrong = new HierarchicalKeyring({ branchKeyStore: store, branchKeyIdOf: () => 5 });
    await rejection(new Envelope({ keyring: wrong }).encrypt('x'), 'KEYRING_FAILED');
  });

  test('keyrings share a cache only if they name the same partition', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'shared', encryptionContext: { a: 'b' } });
    await moto.clearRequests();
    const partition = 'one';
    await envelopeOf(store, 'shared', { partition }).encrypt('x');
    const own = envelopeOf(store, 'shared', { partition });
    await own.encrypt('x');
    await envelopeOf(store, 'shared').encrypt('x');
    const { GetItem } = await calls();
    assert.ok(GetItem === 2 || GetItem === 3, 'the first cache may be gone with its keyring');
    const other = { partition, maxEntries: 7 };
    thrown(() => envelopeOf(store, 'shared', other), 'INVALID_ARGUMENT');
    assert.ok(own);
  });

  test('a record that was changed, or has another name or KMS key, gives an error with a code', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'hurt', encryptionContext: { a: 'b' } });
    const Key = { 'branch-key-id': { S: 'hurt' }, type: { S: 'branch:ACTIVE' } };
    const { Item } = await dynamoDb(moto.endpoint, 'GetItem', { TableName: 'branch-keys', Key });
    const refused = async (change, expected) => {
      const put = { TableName: 'branch-keys', Item: { ...Item, ...change } };
      await dynamoDb(moto.endpoint, 'PutItem', put);
      await rejection(envelopeOf(newStore(), 'hurt').encrypt('x'), expected);
    };
    const changes = {
      'create-time': { S: '2020-01-01T00:00:00.000000Z' },
      'aws-crypto-ec:a': { S: 'c' },
      version: { S: 'branch:version:f5c0d276-bd6d-4f36-a335-056f7b75cf97' },
      enc: { B: Item.enc.B.replace(/.{8}$/, 'AAAAAAA=') },
      more: { S: 'x' },
      tablename: { S: 'tenants' },
    };
    for (const [name, value] of Object.entries(changes)) {
      await refused({ [name]: value }, 'BRANCH_KEY_ALTERED');
    }
    await refused({ 'hierarchy-version': { N: '2' } }, 'BRANCH_KEY_UNSUPPORTED');
    await refused({ 'kms-arn': { S: kmsKeyId.replace(/.$/, '') } }, 'KMS_WRONG_KEY');
    await dynamoDb(moto.endpoint, 'PutItem', { TableName: 'branch-keys', Item });
    const renamed = envelopeOf(newStore({ logicalName: 'other' }), 'hurt');
    await rejection(renamed.encrypt('x'), 'BRANCH_KEY_ALTERED');
    const { arn } = await moto.createKey({ region: 'us-west-2' });
    const underOther = envelopeOf(newStore({ kmsKeyId: arn }), 'hurt');
    await rejection(underOther.encrypt('x'), 'KMS_WRONG_KEY');
    await rejection(newStore({ kmsKeyId: arn }).rotate('hurt'), 'KMS_WRONG_KEY');
  });

  test('a table that is missing or does not answer gives an error with a code', async () => {
    const missing = newStore({ tableName: 'missing' });
    await rejection(envelopeOf(missing, 'x').encrypt('x'), 'KEY_STORE_NOT_FOUND');
    const nobody = newStore({ endpoint: 'http://127.0.0.1:9' });
    await rejection(envelopeOf(nobody, 'x').encrypt('x'), 'KEY_STORE_UNREACHABLE');
    const wrong = () => newStore({ endpoint: 'no-url' });
    thrown(wrong, 'CONFIGURATION');
  });

  test('a store with `discovery` reads, and refuses to write', async () => {
    const store = newStore();
    await store.create({ branchKeyId: 'found', encryptionContext: { a: 'b' } });
    const finding = newStore({ kmsKeyId: undefined, discovery: true });
    const message = await envelopeOf(finding, 'found').encrypt('x');
    assert.equal(String(await envelopeOf(store, 'found').decrypt(message)), 'x');
    await rejection(finding.rotate('found'), 'INVALID_ARGUMENT');
    await rejection(finding.create(), 'INVALID_ARGUMENT');
    const elsewhere = newStore({ kmsKeyId: undefined, discovery: true, kmsRegion: 'eu-west-1' });
    await rejection(envelopeOf(elsewhere, 'found').encrypt('x'), 'KMS_WRONG_KEY');
  });
});
