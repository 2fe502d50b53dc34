'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const { Envelope, MultiKeyring, RawAesKeyring, RawRsaKeyring, inspect } = require('../..');
const { withDataKeys } = require('../support/data-keys');
const { rejection, thrown } = require('../support/rejects');

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
    ];
    for (const other of others) {
      const keyring = new RawRsaKeyring({ ...names, ...pair, ...other });
      const error = await rejection(new Envelope({ keyring }).decrypt(message), 'NO_USABLE_KEY');
      assert.equal(error.retryable, false);
    }
    const keyring = new RawRsaKeyring({ ...names, ...pair, padding: 'pkcs1' });
    await rejection(new Envelope({ keyring }).decrypt(message), 'AUTHENTICATION_FAILED');
  });

  it('does not unwrap what was changed, and says the same whatever it was', async () => {
    for (const [padding, code] of [
      ['pkcs1', 'AUTHENTICATION_FAILED'],
      ['oaep-sha256', 'NO_USABLE_KEY'],
    ]) {
      const keyring = new RawRsaKeyring({ ...names, ...pair, padding });
      const envelope = new Envelope({ keyring });
      const message = envelope.encryptSync('hello');
      const start = message.indexOf(inspect(message).encryptedDataKeys[0].ciphertext);
      const messages = new Set();
      for (const at of [0, 1, 128, 255]) {
        const changed = Buffer.from(message);
        changed[start + at] ^= 1;
        messages.add((await rejection(envelope.decrypt(changed), code)).message);
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

describe('RawRsaKeyring with PKCS #1 v1.5', () => {
  const keyring = new RawRsaKeyring({ ...names, ...pair, padding: 'pkcs1' });
  const aes = new RawAesKeyring({ ...names, wrappingKey: crypto.randomBytes(32) });

  it('does not tell a wrong padding from a right one', async () => {
    for (const one of [keyring, new MultiKeyring({ children: [keyring, aes] })]) {
      for (const cache of [undefined, {}]) {
        const envelope = new Envelope({ keyring: one, cache });
        const said = new Set();
        for (const ciphertext of wrongCiphertexts()) {
          const message = withCiphertext(ciphertext);
          const error = await rejection(envelope.decrypt(message), 'AUTHENTICATION_FAILED');
          said.add(describeError(error));
          const sync = thrown(() => envelope.decryptSync(message), 'AUTHENTICATION_FAILED');
          said.add(describeError(sync));
        }
        assert.equal(said.size, 1);
        // No random key is kept.
        assert.equal(envelope.stats().cache?.entries, cache && 0);
      }
    }
  });

  it('tries only the first data key of a message that names it', async () => {
    const before = new RawRsaKeyring({ ...names, ...keyPair(2048), padding: 'pkcs1' });
    const write = (generator, child) => {
      const both = new MultiKeyring({ generator, children: [child] });
      return new Envelope({ keyring: both }).encryptSync('hello');
    };
    const envelope = new Envelope({ keyring });
    assert.equal(String(await envelope.decrypt(write(keyring, before))), 'hello');
    await rejection(envelope.decrypt(write(before, keyring)), 'AUTHENTICATION_FAILED');
  });

  it('leaves a message for several keyrings to the others first', async () => {
    const message = new Envelope({
      keyring: new MultiKeyring({ generator: keyring, children: [aes] }),
    }).encryptSync('hello');
    const stranger = new RawRsaKeyring({ ...names, ...keyPair(2048), padding: 'pkcs1' });
    const nested = new MultiKeyring({ children: [stranger] });
    for (const children of [
      [stranger, aes],
      [nested, new MultiKeyring({ children: [aes] })],
      [keyring],
      [aes],
    ]) {
      const envelope = new Envelope({ keyring: new MultiKeyring({ children }) });
      assert.equal(String(await envelope.decrypt(message)), 'hello');
      assert.equal(String(envelope.decryptSync(message)), 'hello');
    }
  });

  it('wraps and unwraps no data key outside of messages', async () => {
    const envelope = new Envelope({ keyring });
    const error = await rejection(envelope.generateDataKey(), 'INVALID_ARGUMENT');
    assert.match(error.message, /oaep-sha256/);
    const { ciphertextBlob } = await both.generateDataKey();
    await rejection(envelope.decryptDataKey(ciphertextBlob), 'NO_USABLE_KEY');
  });

  function describeError({ code, message, errors, cause, retryable }) {
    return JSON.stringify({ code, message, errors, cause, retryable });
  }

  /** A changed one, and those of another data key: of the right length, a shorter and a longer one. */
  function wrongCiphertexts() {
    const encrypted = (length) =>
      crypto.publicEncrypt(
        { key: pair.publicKey, padding: crypto.constants.RSA_PKCS1_PADDING },
        crypto.randomBytes(length),
      );
    return [Buffer.alloc(256, 1), Buffer.alloc(256, 255), ...[32, 16, 0, 64, 200].map(encrypted)];
  }

  function withCiphertext(ciphertext) {
    const message = new Envelope({ keyring }).encryptSync('hello');
    const [{ keyProviderId: providerId, keyProviderInfo: providerInfo }] =
      inspect(message).encryptedDataKeys;
    return withDataKeys(message, [{ providerId, providerInfo, ciphertext }]);
  }
});

function keyPair(modulusLength) {
  return crypto.generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
