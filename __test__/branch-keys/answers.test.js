'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { setEnvironment } = require('../support/branch-keys');
const { startFakeKms } = require('../support/fake-kms');
const { MemoryStorage } = require('../support/memory-storage');
const { rejection } = require('../support/rejects');

setEnvironment();

const arn = (id, region = 'eu-west-1') => `arn:aws:kms:${region}:111122223333:key/${id}`;
const KEY = arn('1111');
const OTHER = arn('3333');
const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
const Plaintext = Buffer.alloc(32, 1).toString('base64');

/** What KMS answers to each operation. */
const RIGHT = {
  GenerateDataKeyWithoutPlaintext: { KeyId: KEY, CiphertextBlob },
  ReEncrypt: { SourceKeyId: KEY, KeyId: KEY, CiphertextBlob },
  Decrypt: { KeyId: KEY, Plaintext },
};

describe('a store of branch keys', () => {
  let fake;
  let answers;
  before(async () => (fake = await startFakeKms((operation) => ({ body: answers[operation] }))));
  beforeEach(() => (answers = RIGHT));
  after(() => fake.stop());

  const storeOver = (storage, options = {}) => {
    const kms = { kmsKeyId: KEY, kmsEndpoint: fake.endpoint, maxAttempts: 1 };
    return new BranchKeyStore({ storage, logicalName: 'tenants', ...kms, ...options });
  };
  const create = (storage, options) =>
    storeOver(storage, options).create({ branchKeyId: 'kept', encryptionContext: { a: 'b' } });
  const encrypt = (branchKeyStore, options = { branchKeyId: 'kept' }) =>
    new Envelope({ keyring: new HierarchicalKeyring({ branchKeyStore, ...options }) }).encrypt('x');

  it('uses nothing of an answer in which KMS names another key', async () => {
    const storage = new MemoryStorage();
    for (const wrong of [
      { GenerateDataKeyWithoutPlaintext: { KeyId: OTHER, CiphertextBlob } },
      { ReEncrypt: { ...RIGHT.ReEncrypt, SourceKeyId: OTHER } },
    ]) {
      answers = { ...RIGHT, ...wrong };
      await rejection(create(storage), 'KMS_INTERNAL');
      assert.deepEqual(storage.list(), []);
    }
    answers = RIGHT;
    await create(storage);
    answers = { ...RIGHT, Decrypt: { KeyId: OTHER, Plaintext } };
    await rejection(encrypt(storeOver(storage)), 'KMS_INTERNAL');
    answers = RIGHT;
    await encrypt(storeOver(storage));
  });

  it('takes a related multi-Region key for another one without `multiRegion`', async () => {
    const storage = new MemoryStorage();
    const [here, there] = ['eu-west-1', 'us-east-1'].map((region) => arn('mrk-1111', region));
    const named = (key) => ({
      GenerateDataKeyWithoutPlaintext: { KeyId: key, CiphertextBlob },
      ReEncrypt: { SourceKeyId: key, KeyId: key, CiphertextBlob },
      Decrypt: { KeyId: key, Plaintext },
    });
    answers = named(there);
    await create(storage, { kmsKeyId: there });
    answers = named(here);
    await rejection(encrypt(storeOver(storage, { kmsKeyId: here })), 'KMS_WRONG_KEY');
    await encrypt(storeOver(storage, { kmsKeyId: here, multiRegion: true }));
  });

  it('asks for what it changes as it is now, and for what it reads as it may be', async () => {
    const storage = new MemoryStorage();
    await create(storage);
    const asked = [];
    const get = storage.get.bind(storage);
    storage.get = (place, { consistently }) => {
      asked.push(consistently);
      return get(place);
    };
    await storeOver(storage).rotate('kept');
    assert.deepEqual(asked, [true]);
    await encrypt(storeOver(storage));
    assert.deepEqual(asked, [true, false]);
  });

  it('tells that branchKeyIdOf has failed, and may succeed later if that says so', async () => {
    const storage = new MemoryStorage();
    for (const retryable of [true, false]) {
      const branchKeyIdOf = () => {
        throw Object.assign(new Error('connection lost'), { retryable });
      };
      const error = await rejection(
        encrypt(storeOver(storage), { branchKeyIdOf }),
        'KEYRING_FAILED',
      );
      assert.equal(error.retryable, retryable);
      assert.match(String(error.cause), /connection lost/);
    }
  });
});
