'use strict';

const assert = require('node:assert/strict');

const { BranchKeyStore, Envelope, EnvelopeError, HierarchicalKeyring } = require('../..');
const { MemoryStorage } = require('../support/memory-storage');
const { bytes } = require('./envelopes');

/** Branch keys in a storage in JavaScript that answers, fails and is late. */
async function ownStorage(kmsKeyId, kmsEndpoint) {
  const storage = new MemoryStorage();
  const store = new BranchKeyStore({
    storage,
    logicalName: 'name',
    kmsKeyId,
    kmsEndpoint,
    timeoutMs: 5000,
  });
  const branchKeyId = 'id';
  await store.create({ branchKeyId, encryptionContext: { tenant: 'acme' } });
  await store.rotate(branchKeyId);
  await store.describe(branchKeyId);
  assert.deepEqual(await store.list(), [branchKeyId]);
  const keyring = new HierarchicalKeyring({ branchKeyStore: store, branchKeyId });
  const message = await new Envelope({ keyring }).encrypt(bytes(100));
  assert.deepEqual(await new Envelope({ keyring }).decrypt(message), bytes(100));
  await assert.rejects(store.createTable(), EnvelopeError);
  const { get } = storage;
  storage.get = () => ({ branchKeyId, type: 'branch:ACTIVE', enc: 5, attributes: {} });
  await assert.rejects(store.rotate(branchKeyId), EnvelopeError);
  storage.get = () => new Promise(() => {});
  const signal = AbortSignal.timeout(50);
  await assert.rejects(store.rotate(branchKeyId, { signal }), EnvelopeError);
  storage.get = get;
  await store.destroy(branchKeyId);
}

module.exports = { ownStorage };
