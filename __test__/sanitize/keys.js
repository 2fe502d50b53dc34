'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const path = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');

const api = require('../..');
const { CURVES, startAgreeingKms } = require('../support/agreeing-kms');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { bytes, keyring } = require('./envelopes');
const { ownStorage } = require('./own-storage');

const { AwsKmsEcdhKeyring, AwsKmsKeyring, AwsKmsRsaKeyring, Envelope, EnvelopeError } = api;
const { LocalKeyring, MultiKeyring, RawEcdhKeyring, RawRsaKeyring } = api;
const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const PADDINGS = /** @type {const} */ ([
  'oaep-sha1',
  'oaep-sha256',
  'oaep-sha384',
  'oaep-sha512',
  'pkcs1',
]);
const encryptionContext = { tenant: 'acme' };

async function rsa() {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const padding of PADDINGS) {
    const names = { keyNamespace: 'tests', keyName: 'rsa', padding };
    const own = new RawRsaKeyring({ ...names, publicKey, privateKey });
    // Data keys outside of messages are not wrapped with PKCS #1 v1.5.
    if (padding === 'pkcs1') await usedForMessages(new Envelope({ keyring: own }));
    else await used(own);
  }
}

async function ecdh() {
  const kms = await startAgreeingKms();
  try {
    for (const curveSpec of /** @type {const} */ (['ECC_NIST_P256', 'ECC_NIST_P521'])) {
      const { arn: keyId, publicKey } = kms.key(curveSpec);
      const own = crypto.generateKeyPairSync('ec', { namedCurve: CURVES[curveSpec] });
      const both = { curveSpec, privateKey: own.privateKey, recipientPublicKey: publicKey };
      await used(new RawEcdhKeyring(both));
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const access = { endpoint: kms.endpoint, credentials, maxAttempts: 1 };
      await used(
        new AwsKmsEcdhKeyring({ curveSpec, keyId, recipientPublicKey: own.publicKey, ...access }),
      );
    }
  } finally {
    await kms.stop();
  }
}

async function local(folder) {
  const file = path.join(folder, 'key');
  const generated = LocalKeyring.generate(file);
  await used(generated);
  await used(new MultiKeyring({ generator: new LocalKeyring(file), children: [keyring] }));
  assert.throws(() => new LocalKeyring(path.join(folder, 'none')), EnvelopeError);
}

async function kms() {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
  });
  let answer = answered;
  const server = await startFakeKms((...args) => answer(...args));
  const { endpoint } = server;
  const using = (options) => new AwsKmsKeyring({ endpoint, maxAttempts: 1, ...options });
  try {
    const one = using({ keyId: ARN });
    await used(one);
    const message = await new Envelope({ keyring: one }).encrypt('x');
    const any = new Envelope({ keyring: using({ discovery: true }) });
    assert.equal(String(await any.decrypt(message)), 'x');
    assert.equal(String(await any.decryptRange(message)), 'x');
    await kmsRsa(endpoint);
    await ownStorage(ARN, endpoint);

    answer = () => refusal('AccessDeniedException');
    await assert.rejects(any.decrypt(message), EnvelopeError);
    answer = () => ({ never: true });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(any.decrypt(message, { signal }), EnvelopeError);
  } finally {
    await server.stop();
  }
}

/** An RSA key of KMS, which answers with another data key than it was sent. */
async function kmsRsa(endpoint) {
  const { publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const own = new AwsKmsRsaKeyring({ keyId: ARN, publicKey, endpoint, maxAttempts: 1 });
  const message = new Envelope({ keyring: own }).encryptSync(bytes(100), { encryptionContext });
  await assert.rejects(new Envelope({ keyring: own }).decrypt(message), EnvelopeError);
}

async function cached() {
  const cache = { maxMessages: 3, maxEntries: 2, renewBeforeMs: 299_999 };
  const envelope = new Envelope({ keyring, cache });
  await envelope.warm({ encryptionContext });
  // Until the data key is old enough to be renewed.
  await wait(10);
  for (let i = 0; i < 10; i++) {
    const message = envelope.encryptSync(bytes(100), { encryptionContext });
    assert.deepEqual(await envelope.decrypt(message), bytes(100));
    await envelope.encrypt('x', { encryptionContext: { tenant: String(i) } });
  }
  assert.equal(envelope.stats().cache?.entries, 2);
  envelope.clearCache();
}

/** A KMS that has only one data key. */
function answered(operation, { NumberOfBytes = 32 }) {
  const Plaintext = Buffer.alloc(NumberOfBytes, 7).toString('base64');
  const CiphertextBlob = Buffer.from('wrapped').toString('base64');
  const ids = { KeyId: ARN, SourceKeyId: ARN };
  return { body: { ...ids, Plaintext, ...(operation !== 'Decrypt' && { CiphertextBlob }) } };
}

/** A message and a data key, there and back. */
async function used(own) {
  const envelope = new Envelope({ keyring: own });
  await usedForMessages(envelope);
  const { plaintext, ciphertextBlob } = await envelope.generateDataKey({ encryptionContext });
  const back = await envelope.decryptDataKey(ciphertextBlob, { encryptionContext });
  assert.deepEqual(back.plaintext, plaintext);
}

async function usedForMessages(envelope) {
  const data = bytes(100);
  const message = await envelope.encrypt(data, { encryptionContext });
  assert.deepEqual(await envelope.decrypt(message, { encryptionContext }), data);
}

module.exports = { rsa, ecdh, local, kms, cached };
