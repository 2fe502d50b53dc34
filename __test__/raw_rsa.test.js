'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const { Envelope, RawRsaKeyring, inspect } = require('..');
const { rejection, thrown } = require('./support/rejects');

const names = { keyNamespace: 'tests', keyName: 'rsa' };
const pair = keyPair(2048);
const both = new Envelope({ keyring: new RawRsaKeyring({ ...names, ...pair }) });
const encryptionContext = { tenant: 'acme' };

describe('RawRsaKeyring', () => {
  it('encrypts with the public key alone, and decrypts with the private key alone', async () => {
    const { publicKey, privateKey } = pair;
    const writer = new Envelope({ keyring: new RawRsaKeyring({ ...names, publicKey }) });
    const reader = new Envelope({ keyring: new RawRsaKeyring({ ...names, privateKey }) });
    const message = writer.encryptSync('hello', { encryptionContext });
    assert.equal(String(await reader.decrypt(message, { encryptionContext })), 'hello');
    const [key] = inspect(message).encryptedDataKeys;
    assert.equal(key.keyProviderId, 'tests');
    assert.equal(key.keyName, 'rsa');
    assert.match((await rejection(writer.decrypt(message), 'NO_USABLE_KEY')).message, /private/);
    const error = await rejection(reader.encrypt('hello'), 'INVALID_ARGUMENT');
    assert.match(error.message, /public/);
  });

  it('takes PEM of every kind, and KeyObjects', () => {
    const [publicKey, privateKey] = [
      crypto.createPublicKey(pair.publicKey),
      crypto.createPrivateKey(pair.privateKey),
    ];
    const forms = [
      { publicKey, privateKey },
      { publicKey: Buffer.from(pair.publicKey), privateKey: Buffer.from(pair.privateKey) },
      {
        publicKey: publicKey.export({ type: 'pkcs1', format: 'pem' }),
        privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }),
      },
    ];
    const message = both.encryptSync('hello');
    for (const form of forms) {
      const envelope = new Envelope({ keyring: new RawRsaKeyring({ ...names, ...form }) });
      assert.equal(String(envelope.decryptSync(message)), 'hello');
      assert.equal(String(both.decryptSync(envelope.encryptSync('hello'))), 'hello');
    }
  });

  it('does not unwrap with another key, name, namespace or padding', async () => {
    const message = both.encryptSync('hello');
    const others = [
      keyPair(2048),
      { keyName: 'other' },
      { keyNamespace: 'other' },
      { padding: 'oaep-sha1' },
      { padding: 'pkcs1' },
    ];
    for (const other of others) {
      const keyring = new RawRsaKeyring({ ...names, ...pair, ...other });
      const error = await rejection(new Envelope({ keyring }).decrypt(message), 'NO_USABLE_KEY');
      assert.equal(error.retryable, false);
    }
  });

  it('does not unwrap what was changed, and says the same whatever it was', async () => {
    for (const padding of ['pkcs1', 'oaep-sha256']) {
      const keyring = new RawRsaKeyring({ ...names, ...pair, padding });
      const envelope = new Envelope({ keyring });
      const message = envelope.encryptSync('hello');
      const start = message.indexOf(inspect(message).encryptedDataKeys[0].ciphertext);
      const messages = new Set();
      for (const at of [0, 1, 128, 255]) {
        const changed = Buffer.from(message);
        changed[start + at] ^= 1;
        messages.add((await rejection(envelope.decrypt(changed), 'NO_USABLE_KEY')).message);
      }
      assert.equal(messages.size, 1, padding);
    }
  });

  it('wraps data keys outside of messages', async () => {
    const made = await both.generateDataKey({ keySpec: 'AES_128' });
    const found = await both.decryptDataKey(made.ciphertextBlob);
    assert.ok(found.plaintext.equals(made.plaintext));
    assert.equal(found.keyId, 'rsa');
    await rejection(both.decryptDataKey(Buffer.alloc(100)), 'NO_USABLE_KEY');
  });

  it('refuses keys that it cannot use, and never shows them', () => {
    const [small, curve] = [
      keyPair(1024),
      crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ];
    const wrong = [
      {},
      { publicKey: small.publicKey },
      { privateKey: small.privateKey },
      { publicKey: curve.publicKey },
      { privateKey: curve.privateKey },
      { privateKey: pair.publicKey },
      { privateKey: crypto.createPublicKey(pair.publicKey) },
      { publicKey: 'not a key' },
      { publicKey: 7 },
      { publicKey: null },
      { ...pair, padding: 'oaep' },
      { ...pair, padding: 1 },
      { ...pair, keyName: '' },
      { ...pair, keyNamespace: 'aws-kms' },
      { ...pair, passphrase: 'x' },
    ];
    for (const options of wrong) {
      const error = thrown(() => new RawRsaKeyring({ ...names, ...options }), 'INVALID_ARGUMENT');
      assert.ok(!/MII/.test(error.message + String(error.cause)));
    }
  });
});

function keyPair(modulusLength) {
  return crypto.generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
