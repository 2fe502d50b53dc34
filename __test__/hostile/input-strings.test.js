'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const api = require('../..');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');

const { AwsKmsKeyring, CustomKeyring, Envelope, RawAesKeyring, RawRsaKeyring } = api;

const aes = { keyNamespace: 'tests', keyName: 'key', wrappingKey: crypto.randomBytes(32) };
const keyring = new RawAesKeyring(aes);
const envelope = new Envelope({ keyring });

describe('a string that UTF-8 cannot hold', () => {
  const odd = 'a\ud800b';
  const refused = {
    data: () => envelope.encryptSync(odd),
    'a message': () => envelope.decryptSync(odd),
    'a key': () => new Envelope(odd),
    'a local key': () => new Envelope(`local:${odd}`),
    keyId: () => new AwsKmsKeyring({ keyId: odd }),
    additionalKeyIds: () => new AwsKmsKeyring({ keyId: 'alias/x', additionalKeyIds: [odd] }),
    grantTokens: () => new AwsKmsKeyring({ keyId: 'alias/x', grantTokens: [odd] }),
    region: () => new AwsKmsKeyring({ keyId: 'alias/x', region: odd }),
    profile: () => new AwsKmsKeyring({ keyId: 'alias/x', profile: odd }),
    keyNamespace: () => new RawAesKeyring({ ...aes, keyNamespace: odd }),
    keyName: () => new RawAesKeyring({ ...aes, keyName: odd }),
    'keyName of RSA': () => new RawRsaKeyring({ ...rsa(), keyName: odd }),
    requiredContextKeys: () => new Envelope({ keyring, requiredContextKeys: [odd] }),
    allowedKeys: () => new Envelope({ keyring, allowedKeys: [odd] }),
    providerId: () => new CustomKeyring({ providerId: odd, wrapDataKey() {}, unwrapDataKey() {} }),
    'the path of a key': () => new api.LocalKeyring(odd),
    'the path of a new key': () => api.LocalKeyring.generate(`${temporaryFolder()}/${odd}`),
    'the path of a file': () => envelope.encryptFile(odd, 'out'),
    'the path of a destination': () => envelope.encryptFile(__filename, odd),
    'the path of a message': () => envelope.openMessage(odd),
    'an item of a batch': async () => {
      const [{ reason }] = await envelope.encryptBatch([odd]);
      throw reason;
    },
    ENCRYPTION_KEY_ID: async () => {
      const { env } = process;
      process.env = { ...env, ENCRYPTION_KEY_ID: odd };
      try {
        await api.encrypt('x');
      } finally {
        process.env = env;
      }
    },
  };
  for (const [what, call] of Object.entries(refused)) {
    it(`${what}: is refused`, async () => {
      const { message } = await rejection((async () => call())(), 'INVALID_ARGUMENT');
      assert.match(message, /well-formed/);
    });
  }

  it('with a NUL is no key id, no path, no Region', async () => {
    const nul = 'a\0b';
    const calls = [
      () => new Envelope(nul),
      () => new AwsKmsKeyring({ keyId: nul }),
      () => new AwsKmsKeyring({ keyId: 'alias/x', additionalKeyIds: [nul] }),
      () => new AwsKmsKeyring({ keyId: 'alias/x', region: nul }),
      () => new AwsKmsKeyring({ keyId: 'alias/x', profile: nul }),
      () => new api.LocalKeyring(nul),
      () => envelope.encryptFile(nul, 'out'),
      () => envelope.encryptFile(__filename, nul),
      () => envelope.openMessage(new URL('file:///a%00b')),
    ];
    for (const call of calls) {
      const { message } = await rejection((async () => call())(), 'INVALID_ARGUMENT');
      assert.match(message, /NUL|null/);
    }
  });
});

function rsa() {
  const { publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { keyNamespace: 'tests', keyName: 'rsa', publicKey };
}
