'use strict';

const assert = require('node:assert/strict');
const { tracingChannel } = require('node:diagnostics_channel');

const {
  AwsKmsKeyring,
  BranchKeyStore,
  CustomKeyring,
  Envelope,
  EnvelopeError,
  HierarchicalKeyring,
  RawAesKeyring,
} = require('../..');
const { bytes, envelope, exact, keyring } = require('./envelopes');

const MIB = 1024 * 1024;
const encryptionContext = { tenant: 'acme' };
const other = new RawAesKeyring({
  keyNamespace: 'tests',
  keyName: 'other',
  wrappingKey: Buffer.alloc(32, 2),
});

/** Short and long items, on several threads; some of which fail. */
async function batches() {
  const own = envelope({ frameLength: 4096 });
  const items = Array.from({ length: 40 }, (_, i) => bytes(i * 10)).concat(bytes(MIB + 1));
  const sealed = await own.encryptBatch([...items, null], { encryptionContext });
  const messages = sealed.flatMap(({ value }) => (value ? [exact(value)] : []));
  const opened = await own.decryptBatch(messages, { encryptionContext });
  opened.forEach(({ value }, i) => assert.deepEqual(value, items[i]));
  messages[3][messages[3].length - 1] ^= 1;
  messages[9] = exact(messages[9].subarray(0, -1));
  const some = await own.decryptBatch(messages);
  assert.deepEqual(
    some.flatMap(({ reason }, i) => (reason ? [i] : [])),
    [3, 9],
  );
  const aborted = own.encryptBatch(items, { signal: AbortSignal.abort() });
  await assert.rejects(aborted, EnvelopeError);
}

/** A service in JavaScript that answers, fails and is late, while somebody watches. */
async function services() {
  let seen = 0;
  const count = () => seen++;
  const channel = tracingChannel('kms-envelope:key-service');
  channel.subscribe({ start: count, asyncEnd: count });
  let answer = ({ dataKey }) => ({ ciphertext: exact(dataKey), keyName: 'key' });
  const own = new CustomKeyring({
    providerId: 'own',
    wrapDataKey: async (request) => answer(request),
    unwrapDataKey: async ({ ciphertext }) => exact(ciphertext),
    timeoutMs: 5000,
  });
  const watched = await Envelope.open({ keyring: own, cache: {} });
  const message = await watched.encrypt(bytes(100), { encryptionContext });
  assert.deepEqual(await watched.decrypt(message), bytes(100));
  watched.clearCache();
  assert.deepEqual(await watched.decrypt(message), bytes(100));
  const warmed = new Envelope({ keyring: own, cache: {} });
  await warmed.warm({ messages: [message, exact(message.subarray(0, 20))] });
  assert.deepEqual(warmed.decryptSync(message), bytes(100));
  await credentials();
  await offered(watched);
  answer = () => {
    throw new Error('by the test');
  };
  await assert.rejects(new Envelope({ keyring: own }).encrypt('x'), EnvelopeError);
  assert.throws(() => new Envelope({ keyring: own }).encryptSync('x'), EnvelopeError);
  answer = () => new Promise(() => {});
  const signal = AbortSignal.timeout(50);
  await assert.rejects(new Envelope({ keyring: own }).encrypt('x', { signal }), EnvelopeError);
  assert.ok(watched.stats().keyService.calls > 0 && seen > 0);
  channel.unsubscribe({ start: count, asyncEnd: count });
}

/** Credentials of all kinds, for a KMS where nobody answers. */
async function credentials() {
  const keys = { accessKeyId: 'AKID', secretAccessKey: 'secret', expiration: new Date(9e12) };
  const keyId = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const none = () => {
    throw new Error('by the test');
  };
  for (const given of [keys, async () => keys, none]) {
    const options = { keyId, credentials: given, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 };
    const kms = new AwsKmsKeyring(options);
    await assert.rejects(new Envelope({ keyring: kms }).encrypt('x'), EnvelopeError);
  }
}

/** A table and a KMS where nobody answers. */
async function branchKeys() {
  const store = new BranchKeyStore({
    tableName: 'table',
    logicalName: 'name',
    kmsKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    endpoint: 'http://127.0.0.1:9',
    kmsEndpoint: 'http://127.0.0.1:9',
    timeoutMs: 2000,
    maxAttempts: 1,
  });
  const fixed = new HierarchicalKeyring({ branchKeyStore: store, branchKeyId: 'id' });
  assert.throws(() => new Envelope({ keyring: fixed }).encryptSync('x'), EnvelopeError);
  await assert.rejects(new Envelope({ keyring: fixed }).encrypt('x'), EnvelopeError);
  for (const branchKeyIdOf of [({ tenant }) => tenant, () => assert.fail('by the test')]) {
    const own = new HierarchicalKeyring({ branchKeyStore: store, branchKeyIdOf });
    const failed = new Envelope({ keyring: own }).encrypt('x', { encryptionContext });
    await assert.rejects(failed, EnvelopeError);
  }
  await assert.rejects(store.create(), EnvelopeError);
  for (const name of ['rotate', 'destroy', 'describe']) {
    await assert.rejects(store[name]('id'), EnvelopeError);
  }
  await assert.rejects(store.list(), EnvelopeError);
  await assert.rejects(store.createTable(), EnvelopeError);
}

/** What KMS offers beside messages. */
async function offered(own) {
  const context = { encryptionContext };
  const wrapped = await own.generateDataKeyWithoutPlaintext(context);
  const { ciphertextBlob } = await own.encryptDirect(bytes(100), context);
  assert.deepEqual((await own.decryptDirect(ciphertextBlob, context)).plaintext, bytes(100));
  const target = new Envelope({ keyring: other });
  await own.rewrapDataKey(wrapped.ciphertextBlob, target, context);
  await assert.rejects(own.decryptDirect(exact(ciphertextBlob.subarray(1)), context), {
    code: 'ERR_ENVELOPE_NO_USABLE_KEY',
  });
  await own.generateDataKeyPair({ ...context, keyPairSpec: 'ECC_NIST_P256' });
  await own.generateDataKeyPairWithoutPlaintext({ keyPairSpec: 'ECC_NIST_P384' });
}

module.exports = {
  batches,
  branchKeys,
  services,
  localService: () => offered(new Envelope({ keyring })),
};
