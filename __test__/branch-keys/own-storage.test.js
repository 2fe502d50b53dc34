'use strict';

const assert = require('node:assert/strict');
const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const { before, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { setEnvironment } = require('../support/branch-keys');
const { flipLastByte } = require('../support/edits');
const { MemoryStorage } = require('../support/memory-storage');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

setEnvironment();
const ACTIVE = 'branch:ACTIVE';
const LESS_THAN_THE_DEFAULT_MS = 9_000;

describe('branch keys in a storage of the caller', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kmsKeyId;
  before(async () => {
    kmsKeyId = (await moto.createKey({ region: 'us-west-2' })).arn;
  });

  const newStore = (storage, options = {}) =>
    new BranchKeyStore({
      storage,
      logicalName: 'tenants',
      kmsKeyId,
      kmsEndpoint: moto.endpoint,
      ...options,
    });

  const envelopeOf = (branchKeyStore, branchKeyId) =>
    new Envelope({ keyring: new HierarchicalKeyring({ branchKeyStore, branchKeyId }) });

  const create = (store, branchKeyId) =>
    store.create({ branchKeyId, encryptionContext: { tenant: 'blue' } });

  /** A storage of one branch key with one function of its own, and a store over it. */
  async function storageWith(functions, options) {
    const storage = new MemoryStorage();
    await create(newStore(storage), 'kept');
    Object.assign(storage, functions);
    return newStore(storage, options);
  }

  test('a branch key is created, rotated, described, listed and destroyed', async () => {
    const storage = new MemoryStorage();
    const store = newStore(storage);
    assert.deepEqual(store.info(), { logicalName: 'tenants', kmsKeyId, multiRegion: false });
    const first = await create(store, 'life');
    await rejection(create(store, 'life'), 'BRANCH_KEY_EXISTS');
    const old = await envelopeOf(store, 'life').encrypt('old');
    const second = await store.rotate('life');
    assert.equal(String(await envelopeOf(store, 'life').decrypt(old)), 'old');
    const { activeVersion, versions, encryptionContext } = await store.describe('life');
    assert.equal(activeVersion, second.version);
    assert.deepEqual(
      versions.map(({ version }) => version),
      [second.version, first.version],
    );
    assert.deepEqual(encryptionContext, { tenant: 'blue' });
    assert.deepEqual(await store.list(), ['life']);
    assert.deepEqual(await store.destroy('life'), { versions: 2 });
    assert.equal(storage.items('life').length, 0);
    await rejection(envelopeOf(store, 'life').decrypt(old), 'BRANCH_KEY_NOT_FOUND');
  });

  test('an item has the attributes that it has in DynamoDB', async () => {
    const storage = new MemoryStorage();
    const { version } = await create(newStore(storage), 'form');
    const { enc, attributes, ...keys } = storage.get({ branchKeyId: 'form', type: ACTIVE });
    assert.deepEqual(keys, { branchKeyId: 'form', type: ACTIVE });
    assert.ok(enc.length > 32);
    const { 'create-time': createTime, ...others } = attributes;
    assert.match(createTime, /^\d{4}-.*Z$/);
    assert.deepEqual(others, {
      'aws-crypto-ec:tenant': 'blue',
      'hierarchy-version': '1',
      'kms-arn': kmsKeyId,
      version: `branch:version:${version}`,
    });
  });

  test('1,000 cold encrypts ask the storage once', async () => {
    let asked = 0;
    const store = await storageWith({
      get(...args) {
        asked += 1;
        return MemoryStorage.prototype.get.apply(this, args);
      },
    });
    const envelope = envelopeOf(store, 'kept');
    await Promise.all(Array.from({ length: 1000 }, () => envelope.encrypt('x')));
    assert.equal(asked, 1);
    const message = await envelope.encrypt('x');
    await envelope.decrypt(message);
    assert.equal(String(envelope.decryptSync(message)), 'x');
  });

  test('of two rotations that have read the same item, one succeeds', async () => {
    const storage = new MemoryStorage();
    await create(newStore(storage), 'race');
    const bothHaveRead = barrier(2);
    storage.get = async (...args) => {
      const item = MemoryStorage.prototype.get.apply(storage, args);
      await bothHaveRead();
      return item;
    };
    const stores = [newStore(storage), newStore(storage)];
    const results = await Promise.allSettled(stores.map((store) => store.rotate('race')));
    const [lost, ...others] = results.filter(({ status }) => status === 'rejected');
    assert.equal(lost.reason.code, 'ERR_ENVELOPE_BRANCH_KEY_CONFLICT');
    assert.equal(others.length, 0);
    assert.equal((await stores[0].describe('race')).versions.length, 2);
  });

  test('a version that is added while the branch key is destroyed is destroyed, too', async () => {
    const storage = new MemoryStorage();
    const [store, other] = [newStore(storage), newStore(storage)];
    await create(store, 'gone');
    const read = storage.items.bind(storage);
    storage.items = async (id) => {
      const items = read(id);
      storage.items = read;
      await other.rotate('gone');
      return items;
    };
    assert.deepEqual(await store.destroy('gone'), { versions: 2 });
    assert.deepEqual(storage.items('gone'), []);
  });

  test('a branch key that is being destroyed cannot be created again before it is gone', async () => {
    const storage = new MemoryStorage();
    const store = newStore(storage);
    await create(store, 'anew');
    const remove = storage.delete.bind(storage);
    storage.delete = async (id, types) => {
      await rejection(create(newStore(storage), 'anew'), 'BRANCH_KEY_EXISTS');
      remove(id, types);
    };
    await store.destroy('anew');
    storage.delete = remove;
    await create(store, 'anew');
  });

  test('a change to any part of an item is noticed', async () => {
    const storage = new MemoryStorage();
    await create(newStore(storage), 'hurt');
    const right = storage.get({ branchKeyId: 'hurt', type: ACTIVE });
    const withAttribute = (name, value) => ({ attributes: { ...right.attributes, [name]: value } });
    const changes = {
      'another id': [{ branchKeyId: 'other' }, 'BRANCH_KEY_ALTERED'],
      'another type': [{ type: 'beacon:ACTIVE' }, 'BRANCH_KEY_ALTERED'],
      'a changed enc': [{ enc: flipLastByte(right.enc) }, 'BRANCH_KEY_ALTERED'],
      'no enc': [{ enc: Buffer.alloc(0) }, 'BRANCH_KEY_ALTERED'],
      'no attributes': [{ attributes: {} }, 'BRANCH_KEY_ALTERED'],
      'an id among the attributes': [withAttribute('branch-key-id', 'hurt'), 'BRANCH_KEY_ALTERED'],
      'an enc among the attributes': [withAttribute('enc', 'x'), 'BRANCH_KEY_ALTERED'],
      'another pair': [withAttribute('aws-crypto-ec:tenant', 'red'), 'BRANCH_KEY_ALTERED'],
      'one pair more': [withAttribute('aws-crypto-ec:more', 'x'), 'BRANCH_KEY_ALTERED'],
      'another time': [withAttribute('create-time', 'today'), 'BRANCH_KEY_ALTERED'],
      'another hierarchy version': [
        withAttribute('hierarchy-version', '2'),
        'BRANCH_KEY_UNSUPPORTED',
      ],
      'another KMS key': [withAttribute('kms-arn', kmsKeyId.replace(/.$/, '')), 'KMS_WRONG_KEY'],
    };
    for (const [name, [change, code]] of Object.entries(changes)) {
      storage.get = () => ({ ...right, ...change });
      const failed = envelopeOf(newStore(storage), 'hurt').encrypt('x');
      await rejection(failed, code).catch((error) => assert.fail(`${name}: ${error.message}`));
    }
  });

  test('what a function of the storage throws is the cause of the error, which may be retryable', async () => {
    const problem = Object.assign(new Error('connection lost'), { retryable: true });
    for (const [name, use] of Object.entries(uses())) {
      const throws = () => {
        throw problem;
      };
      for (const answer of [throws, async () => throws()]) {
        const store = await storageWith({ [name]: answer });
        const error = await rejection(use(store), 'KEY_STORE_FAILED');
        assert.match(error.message, new RegExp(`storage\\.${name} failed`));
        assert.match(String(error.cause), /connection lost/);
        assert.equal(error.retryable, true);
      }
    }
    const final = await storageWith({ get: () => Promise.reject(new Error('wrong password')) });
    const { retryable } = await rejection(final.rotate('kept'), 'KEY_STORE_FAILED');
    assert.equal(retryable, false);
  });

  test('the error of a wrong answer of the storage says what the answer must be', async () => {
    const wrong = {
      get: [5, 'x', [], {}, { branchKeyId: 'kept', type: ACTIVE, enc: 'x', attributes: {} }],
      items: [undefined, null, {}, 'x', [null], [{}]],
      write: [undefined, null, 1, 'true', { rowCount: 3 }],
      list: [undefined, null, {}, [5], ['']],
    };
    for (const [name, answers] of Object.entries(wrong)) {
      for (const answer of answers) {
        const store = await storageWith({ [name]: async () => answer });
        const error = await rejection(uses()[name](store), 'KEY_STORE_FAILED');
        assert.match(error.message, new RegExp(`storage\\.${name} (must|resolve)`));
      }
    }
  });

  test('a function that does not answer is waited for until a time limit, or a signal', async () => {
    const checks = Object.entries(uses()).map(async ([name, use]) => {
      const never = { [name]: () => new Promise(() => {}) };
      // Long enough for KMS, which has the same limit.
      const store = await storageWith(never, { timeoutMs: 2000 });
      const failed = rejection(use(store), 'KEY_STORE_TIMEOUT');
      const error = await Promise.race([failed, sleep(LESS_THAN_THE_DEFAULT_MS)]);
      assert.equal(error?.retryable, true, `${name}: after timeoutMs, not after the default`);
      const abort = new AbortController();
      const given = use(await storageWith(never), { signal: abort.signal });
      setImmediate(() => abort.abort());
      await rejection(given, 'ABORTED');
    });
    await Promise.all(checks);
  });

  test('after several failures in a row the storage is not called for a while', async () => {
    let asked = 0;
    const get = async () => {
      asked += 1;
      throw Object.assign(new Error('down'), { retryable: true });
    };
    const store = await storageWith({ get }, { breaker: { failures: 2, openMs: 60_000 } });
    for (let i = 0; i < 2; i++) await rejection(store.rotate('kept'), 'KEY_STORE_FAILED');
    await rejection(store.rotate('kept'), 'CIRCUIT_OPEN');
    assert.equal(asked, 2);
  });

  test('calls of the storage are events, as calls of DynamoDB are', async () => {
    const store = await storageWith({});
    const seen = [];
    const see = ({ operation }) => seen.push(operation);
    subscribe('tracing:kms-envelope:key-service:start', see);
    await store.rotate('kept');
    unsubscribe('tracing:kms-envelope:key-service:start', see);
    assert.deepEqual(
      seen.filter((operation) => operation.startsWith('storage.')),
      ['storage.get', 'storage.write'],
    );
  });

  test('a storage that lacks a function, or comes with a table, is refused', async () => {
    for (const storage of [5, 'x', null, {}, { get() {} }, new Proxy({}, {})]) {
      thrown(() => newStore(storage), 'INVALID_ARGUMENT');
    }
    const storage = new MemoryStorage();
    thrown(() => newStore(storage, { tableName: 'x' }), 'INVALID_ARGUMENT');
    thrown(() => newStore(storage, { endpoint: 'http://127.0.0.1:9' }), 'INVALID_ARGUMENT');
    thrown(() => newStore(storage, { logicalName: undefined }), 'INVALID_ARGUMENT');
    await newStore(Object.assign(storage, { createTable() {} })).createTable();
    const error = await rejection(newStore(new MemoryStorage()).createTable(), 'KEY_STORE_FAILED');
    assert.match(error.message, /has no function createTable/);
  });

  /** What uses each function of a storage that has the branch key `kept`. */
  function uses() {
    return {
      get: (store, options) => store.rotate('kept', options),
      write: (store, options) => store.rotate('kept', options),
      items: (store, options) => store.describe('kept', options),
      delete: (store, options) => store.destroy('kept', options),
      list: (store, options) => store.list(options),
      createTable: (store, options) => store.createTable(options),
    };
  }
});

/** What resolves when so many have called it; for those who come later, at once. */
function barrier(count) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  return () => {
    if (--count <= 0) release();
    return released;
  };
}
