'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const api = require('../..');
const { rejection } = require('../support/rejects');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const aes = { keyNamespace: 'tests', keyName: 'key', wrappingKey: crypto.randomBytes(32) };
const keyring = new api.RawAesKeyring(aes);
const envelope = new api.Envelope({ keyring, cache: {} });
const guard = ['timeoutMs', 'maxInFlight', 'maxQueued', 'breaker'];
const access = [
  ...guard,
  ...['region', 'endpoint', 'profile', 'credentials', 'grantTokens', 'multiRegion'],
  ...['maxAttempts', 'attemptTimeoutMs', 'connectTimeoutMs', 'credentialsTimeoutMs'],
];
const store = { tableName: 't', logicalName: 'l', kmsKeyId: ARN };
const own = { providerId: 'p', wrapDataKey: async () => {}, unwrapDataKey: async () => {} };

/** What takes options, those that are needed, and the names of the others. */
const CALLS = {
  Envelope: [
    (options) => new api.Envelope(options),
    { keyring },
    ['algorithmSuite', 'commitmentPolicy', 'frameLength', 'maxEncryptedDataKeys', 'cache'],
    ['maxPlaintextLength', 'unwrapTimeoutMs', 'requiredContextKeys', 'allowedKeys'],
  ],
  'the cache': [
    (cache) => new api.Envelope({ keyring, cache }),
    {},
    ['maxAgeMs', 'maxMessages', 'maxBytes', 'maxEntries', 'renewBeforeMs'],
  ],
  AwsKmsKeyring: [
    (options) => new api.AwsKmsKeyring(options),
    { keyId: ARN },
    ['keyId', 'additionalKeyIds'],
    access,
  ],
  discovery: [(options) => new api.AwsKmsKeyring(options), {}, ['discovery']],
  BranchKeyStore: [
    (options) => new api.BranchKeyStore(options),
    store,
    [...Object.keys(store), 'discovery', 'kmsEndpoint'],
    access,
  ],
  RawAesKeyring: [(options) => new api.RawAesKeyring(options), aes, Object.keys(aes)],
  CustomKeyring: [(options) => new api.CustomKeyring(options), own, Object.keys(own), guard],
  MultiKeyring: [(options) => new api.MultiKeyring(options), {}, ['generator', 'children']],
  encrypt: [
    (options) => envelope.encrypt('x', options),
    {},
    ['encryptionContext', 'into', 'signal'],
  ],
  encryptStream: [
    (options) => envelope.encryptStream(options),
    {},
    ['encryptionContext', 'plaintextLength', 'signal'],
  ],
  decryptStream: [(options) => envelope.decryptStream(options), {}, ['signed']],
  decryptFile: [
    (options) => envelope.decryptFile('a', 'b', options),
    {},
    ['encryptionContext', 'signal', 'overwrite', 'onProgress'],
  ],
  decryptRange: [
    (options) => envelope.decryptRange(envelope.encryptSync('x'), options),
    {},
    ['start', 'end'],
  ],
  generateDataKey: [
    (options) => envelope.generateDataKey(options),
    {},
    ['encryptionContext', 'signal', 'keySpec', 'numberOfBytes'],
  ],
  reEncrypt: [
    (options) => envelope.reEncrypt(envelope.encryptSync('x'), envelope, options),
    {},
    ['newEncryptionContext'],
  ],
  warm: [(options) => envelope.warm(options), {}, ['messages', 'encryptionContext', 'signal']],
};

describe('an option with a wrong value', () => {
  for (const [what, [call, needed, ...names]] of Object.entries(CALLS)) {
    for (const name of names.flat()) {
      it(`of ${what} is named by the error: ${name}`, async () => {
        for (const wrong of [7.5, Symbol('wrong'), null]) {
          const called = (async () => call({ ...needed, [name]: wrong }))();
          assert.match((await rejection(called, 'INVALID_ARGUMENT')).message, new RegExp(name));
        }
      });
    }
  }
});
