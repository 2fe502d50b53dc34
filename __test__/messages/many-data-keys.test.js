'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const { setImmediate: nextTurn } = require('node:timers/promises');

const { CustomKeyring, Envelope, MultiKeyring, RawRsaKeyring, inspect } = require('../..');
const { withDataKeys } = require('../support/data-keys');
const { flipLastByte } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');

const names = { keyNamespace: 'tests', keyName: 'key' };

/** Returns the message with so many copies of its first data key, which no key unwraps any more. */
function forged(message, count) {
  const [key] = inspect(message).encryptedDataKeys;
  const { keyProviderId: providerId, keyProviderInfo: providerInfo } = key;
  const ciphertext = flipLastByte(key.ciphertext);
  return withDataKeys(message, Array(count).fill({ providerId, providerInfo, ciphertext }));
}

describe('a message with many data keys', () => {
  it('leaves the event loop free while they are tried, and its error stays short', async () => {
    const envelope = new Envelope({ keyring: rawAes() });
    const message = forged(envelope.encryptSync('x'), 65_535);
    let tried = false;
    const decrypted = rejection(envelope.decrypt(message), 'NO_USABLE_KEY').finally(() => {
      tried = true;
    });
    let turns = 0;
    for (; !tried; turns += 1) await nextTurn();
    // However slow the machine: a loop that is held up turns once or twice.
    assert.ok(turns > 10, `${turns} turns`);
    const error = await decrypted;
    assert.equal(error.errors.length, 10);
    assert.match(error.message, /65535 data keys/);
    assert.match(error.message, /65525 more/);
    assert.ok(JSON.stringify(error).length < 20_000);
  });

  it('is given up when the signal fires', async () => {
    const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 4096 });
    const envelope = new Envelope({ keyring: new RawRsaKeyring({ ...names, ...pair }) });
    const message = forged(envelope.encryptSync('x'), 20_000);
    const signal = AbortSignal.timeout(100);
    await rejection(envelope.decrypt(message, { signal }), 'ABORTED');
  });

  it('is given up after unwrapTimeoutMs, under a raw RSA key', async () => {
    const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 4096 });
    const keyring = new RawRsaKeyring({ ...names, ...pair });
    const message = forged(new Envelope({ keyring }).encryptSync('x'), 20_000);
    for (const one of [keyring, new MultiKeyring({ children: [rawAes(), keyring] })]) {
      const envelope = new Envelope({ keyring: one, unwrapTimeoutMs: 100 });
      const error = await rejection(envelope.decrypt(message), 'UNWRAP_TIMEOUT');
      assert.equal(error.retryable, false);
    }
  });

  it('is given up after unwrapTimeoutMs, though the key service answers each call in time', async () => {
    let asked = 0;
    const keyring = new CustomKeyring({
      providerId: 'slow',
      wrapDataKey: async () => ({ ciphertext: Buffer.alloc(32), keyName: 'key' }),
      unwrapDataKey: async () => {
        asked += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new Error('no');
      },
    });
    const envelope = new Envelope({ keyring, unwrapTimeoutMs: 150 });
    const message = forged(await envelope.encrypt('x'), 1000);
    const error = await rejection(envelope.decrypt(message), 'UNWRAP_TIMEOUT');
    assert.equal(error.retryable, true);
    assert.ok(asked > 0 && asked < 100, `${asked} calls`);
  });

  it('is refused by a synchronous call after eight of them, also with the cache', () => {
    for (const options of [{}, { cache: {} }]) {
      const envelope = new Envelope({ keyring: rawAes(), ...options });
      const message = envelope.encryptSync('x');
      const error = thrown(() => envelope.decryptSync(forged(message, 9)), 'WOULD_BLOCK');
      assert.match(error.message, /asynchronous/);
      thrown(() => envelope.decryptSync(forged(message, 8)), 'NO_USABLE_KEY');
    }
  });

  it('is decrypted under the last of them by an asynchronous call', async () => {
    const own = rawAes();
    const children = [...Array.from({ length: 19 }, () => rawAes()), own];
    const message = new Envelope({
      keyring: new MultiKeyring({ generator: rawAes(), children }),
    }).encryptSync('x');
    for (const options of [{}, { cache: {} }]) {
      const envelope = new Envelope({ keyring: own, ...options });
      thrown(() => envelope.decryptSync(message), 'WOULD_BLOCK');
      assert.equal(String(await envelope.decrypt(message)), 'x');
      assert.equal(await envelope.plaintextSize(message), 1);
    }
  });

  it('has an error that stays short in nested multi-keyrings, too', async () => {
    const wide = (depth) =>
      new MultiKeyring({
        children: Array.from({ length: 12 }, () => (depth === 0 ? rawAes() : wide(depth - 1))),
      });
    const message = forged(new Envelope({ keyring: rawAes() }).encryptSync('x'), 12);
    const error = await rejection(
      new Envelope({ keyring: wide(1) }).decrypt(message),
      'NO_USABLE_KEY',
    );
    assert.equal(error.errors.length, 10);
    assert.match(error.message, /2 more/);
    assert.ok(JSON.stringify(error).length < 30_000);
  });
});
