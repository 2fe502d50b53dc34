'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');

const { CustomKeyring, Envelope, inspect } = require('../..');
const { withDataKeys } = require('../support/data-keys');
const { flip } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');

/** By hand: 100000. */
const MANY = Number(process.env.KMS_ENVELOPE_FORGERIES ?? 2000);
const MB = 2 ** 20;

// What no collector has taken yet is no growth.
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

const keyring = rawAes();

describe('a cache under forged messages', () => {
  it('stores no data key of them, and drops none of valid messages', async () => {
    const envelope = new Envelope({ keyring, cache: { maxEntries: 10 } });
    const good = await envelope.encrypt('good', { encryptionContext: { tenant: 'good' } });
    await envelope.decrypt(good);
    const { entries } = envelope.stats().cache;
    for (let i = 0; i < 100; i += 1) {
      // Their data key unwraps, as it is a real one; their headers do not verify.
      const stranger = new Envelope({ keyring });
      const message = await stranger.encrypt('x', { encryptionContext: { i: String(i) } });
      const forged = flip(message, 'message id');
      await rejection(envelope.decrypt(forged), 'AUTHENTICATION_FAILED');
      await rejection(envelope.plaintextSize(forged), 'AUTHENTICATION_FAILED');
      const [settled] = await envelope.decryptBatch([forged]);
      assert.equal(settled.reason.code, 'ERR_ENVELOPE_AUTHENTICATION_FAILED');
    }
    assert.equal(envelope.stats().cache.entries, entries);
    const { hits } = envelope.stats().cache;
    assert.equal(String(await envelope.decrypt(good)), 'good');
    assert.equal(envelope.stats().cache.hits, hits + 1, 'the good entry is still there');
  });

  it('stores a data key once a message has verified: whole, in ranges, in batches and in streams', async () => {
    const message = await new Envelope({ keyring }).encrypt('x');
    const reads = [
      (envelope) => envelope.decrypt(message),
      (envelope) => envelope.plaintextSize(message),
      (envelope) => envelope.decryptBatch([message, message]),
      async (envelope) => {
        const stream = envelope.decryptStream();
        stream.end(message);
        await stream.toArray();
      },
    ];
    for (const read of reads) {
      const envelope = new Envelope({ keyring, cache: {} });
      await read(envelope);
      assert.equal(envelope.stats().cache.entries, 1, String(read));
    }
  });

  it(`does not grow over ${MANY} forged, aborted and distinct calls`, async () => {
    const service = heldService();
    const custom = new Envelope({ keyring: service.keyring, cache: { maxEntries: 10 } });
    const local = new Envelope({ keyring, cache: { maxEntries: 10 } });
    const message = await new Envelope({ keyring }).encrypt('x');
    const [key] = inspect(message).encryptedDataKeys;
    const long = {
      providerId: 'other',
      providerInfo: Buffer.alloc(60_000),
      ciphertext: key.ciphertext,
    };
    const own = {
      providerId: key.keyProviderId,
      providerInfo: key.keyProviderInfo,
      ciphertext: key.ciphertext,
    };
    const forge = async (i) => {
      long.providerInfo.writeUInt32BE(i);
      const size = i % 100 === 0 ? 32 : 1;
      const forged = withDataKeys(message, [...Array(size).fill(long), own]);
      await rejection(local.decrypt(forged), 'AUTHENTICATION_FAILED');
    };
    const abort = async (i) => {
      const controller = new AbortController();
      const call = custom.encrypt('x', {
        encryptionContext: { i: String(i), long: 'x'.repeat(5000) },
        signal: controller.signal,
      });
      controller.abort();
      await rejection(call, 'ABORTED');
    };
    const distinct = (i) =>
      local.encrypt('x', { encryptionContext: { i: String(i), long: 'x'.repeat(5000) } });
    // Not measured: the allocators take memory that they keep for reuse.
    for (let i = 0; i < Math.max(500, MANY / 10); i += 1)
      await forge(i)
        .then(() => abort(i))
        .then(() => distinct(i));
    const before = memory();
    for (let i = 0; i < MANY; i += 1)
      await forge(i)
        .then(() => abort(i))
        .then(() => distinct(i));
    const growth = memory() - before;
    assert.ok(growth < 40 * MB, `${growth / MB} MB`);
    assert.ok(local.stats().cache.entries <= 10);
  });

  it('drops entries that are older than maxAgeMs, whatever is asked for next', async () => {
    const envelope = new Envelope({ keyring, cache: { maxAgeMs: 50 } });
    for (let i = 0; i < 20; i += 1) {
      await envelope.encrypt('x', { encryptionContext: { i: String(i) } });
    }
    await wait(80);
    assert.equal(envelope.stats().cache.entries, 0);
    await envelope.encrypt('x');
    assert.equal(envelope.stats().cache.entries, 1);
  });

  it('takes any number as `maxEntries`, and no memory for it', async () => {
    const envelope = new Envelope({ keyring, cache: { maxEntries: 2 ** 32 - 1 } });
    assert.equal(String(await envelope.decrypt(await envelope.encrypt('x'))), 'x');
  });

  /** Returns a key service that never answers. */
  function heldService() {
    const held = new CustomKeyring({
      providerId: 'held',
      wrapDataKey: () => new Promise(() => {}),
      unwrapDataKey: () => new Promise(() => {}),
    });
    return { keyring: held };
  }
});

function memory() {
  gc();
  return process.memoryUsage().rss;
}
