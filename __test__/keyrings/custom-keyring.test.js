'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const { CustomKeyring, Envelope, MultiKeyring, inspect } = require('../..');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');
const { through } = require('../support/streams');

const raw = rawAes('raw');

/** A service that keeps the data keys, and gives them back to who knows their number. */
function vault(options = {}) {
  const kept = new Map();
  const log = [];
  const keyring = new CustomKeyring({
    providerId: 'vault',
    async wrapDataKey({ dataKey, encryptionContext }) {
      log.push('wrap');
      await wait(1);
      kept.set(String(kept.size), { dataKey: Buffer.from(dataKey), encryptionContext });
      return { ciphertext: Buffer.from(String(kept.size - 1)), keyName: 'transit/app' };
    },
    async unwrapDataKey({ ciphertext, keyName, encryptionContext }) {
      log.push(`unwrap ${keyName}`);
      await wait(1);
      const found = kept.get(String(ciphertext));
      assert.deepEqual(encryptionContext, found.encryptionContext);
      return Buffer.from(found.dataKey);
    },
    ...options,
  });
  return { keyring, kept, log };
}

describe('a keyring of one’s own', () => {
  it('wraps and unwraps, and the message names its provider and key', async () => {
    const { keyring, log } = vault();
    const envelope = new Envelope({ keyring });
    const message = await envelope.encrypt('x', { encryptionContext: { tenant: 'a' } });
    const [{ keyProviderId, keyName }] = inspect(message).encryptedDataKeys;
    assert.deepEqual([keyProviderId, keyName], ['vault', 'transit/app']);
    assert.equal(String(await envelope.decrypt(message)), 'x');
    assert.deepEqual(log, ['wrap', 'unwrap transit/app']);
  });

  it('works with streams, ranges, batches and the cache', async () => {
    const { keyring, log } = vault();
    const envelope = new Envelope({ keyring, cache: {} });
    const data = crypto.randomBytes(200_000);
    const { output } = await through(envelope.encryptStream(), [data]);
    assert.ok((await through(envelope.decryptStream(), [output])).output.equals(data));
    const some = await Promise.all(Array.from({ length: 50 }, () => envelope.encrypt('x')));
    const batch = await envelope.encryptBatch(['y', 'z']);
    const opened = await envelope.decryptBatch([...some, ...batch.map(({ value }) => value)]);
    assert.equal(opened.map(({ value }) => String(value)).join(''), `${'x'.repeat(50)}yz`);
    assert.ok(
      (await envelope.decryptRange(output, { start: 9, end: 99 })).equals(data.subarray(9, 99)),
    );
    assert.deepEqual(log, ['wrap']);
    thrown(() => new Envelope({ keyring }).encryptSync('x'), 'WOULD_BLOCK');
  });

  it('can be the generator or a child of a multi-keyring', async () => {
    const { keyring } = vault();
    for (const multi of [
      new MultiKeyring({ generator: keyring, children: [raw] }),
      new MultiKeyring({ generator: raw, children: [keyring] }),
    ]) {
      const message = await new Envelope({ keyring: multi }).encrypt('x');
      for (const alone of [keyring, raw, multi]) {
        assert.equal(String(await new Envelope({ keyring: alone }).decrypt(message)), 'x');
      }
    }
  });

  it('leaves a data key to other keyrings if unwrapDataKey gives undefined', async () => {
    const { keyring } = vault({ unwrapDataKey: async () => undefined });
    const message = await new Envelope({ keyring }).encrypt('x');
    await rejection(new Envelope({ keyring }).decrypt(message), 'NO_USABLE_KEY');
    const multi = new MultiKeyring({ generator: keyring, children: [raw] });
    const both = await new Envelope({ keyring: multi }).encrypt('x');
    assert.equal(String(await new Envelope({ keyring: multi }).decrypt(both)), 'x');
  });

  it('wipes the data keys that the functions saw', async () => {
    const seen = [];
    const { keyring, kept } = vault({
      async wrapDataKey({ dataKey }) {
        seen.push(dataKey);
        kept.set('k', Buffer.from(dataKey));
        return { ciphertext: Buffer.from('k'), keyName: 'n' };
      },
      async unwrapDataKey() {
        const dataKey = Buffer.from(kept.get('k'));
        seen.push(dataKey);
        return dataKey;
      },
    });
    const envelope = new Envelope({ keyring });
    await envelope.decrypt(await envelope.encrypt('x'));
    assert.equal(seen.length, 2);
    for (const dataKey of seen) assert.ok(dataKey.equals(Buffer.alloc(32)));
  });

  const failure = (error) => async () => {
    throw error;
  };
  for (const [what, wrapDataKey] of Object.entries({
    'a rejected promise': failure(new Error('no route to the vault')),
    'a thrown error': () => {
      throw new Error('no route to the vault');
    },
    'something else that was thrown': failure('no route to the vault'),
  })) {
    it(`${what}: KEYRING_FAILED, with the reason as its cause`, async () => {
      const { keyring } = vault({ wrapDataKey });
      const error = await rejection(new Envelope({ keyring }).encrypt('x'), 'KEYRING_FAILED');
      assert.match(String(error.cause.message), /no route to the vault/);
      assert.equal(error.retryable, false);
    });
  }

  it('a failure marked as retryable opens the circuit; others do not', async () => {
    let error = new Error('refused');
    const { keyring } = vault({
      wrapDataKey: () => Promise.reject(error),
      breaker: { failures: 2 },
    });
    const envelope = new Envelope({ keyring });
    for (let i = 0; i < 4; i++) await rejection(envelope.encrypt('x'), 'KEYRING_FAILED');
    error = Object.assign(new Error('busy'), { retryable: true });
    for (let i = 0; i < 2; i++) {
      assert.equal((await rejection(envelope.encrypt('x'), 'KEYRING_FAILED')).retryable, true);
    }
    await rejection(envelope.encrypt('x'), 'CIRCUIT_OPEN');
  });

  for (const [what, answer] of Object.entries({
    nothing: undefined,
    'a string': 'x',
    'no ciphertext': { keyName: 'n' },
    'an empty ciphertext': { ciphertext: Buffer.alloc(0), keyName: 'n' },
    'a ciphertext that is no bytes': { ciphertext: 'abc', keyName: 'n' },
    'no key name': { ciphertext: Buffer.from('a') },
    'a ciphertext that fits no message': { ciphertext: Buffer.alloc(65_536), keyName: 'n' },
    'a name that fits no message': { ciphertext: Buffer.from('a'), keyName: 'n'.repeat(65_536) },
  })) {
    it(`wrapDataKey gives ${what}: an error, and no message`, async () => {
      const { keyring } = vault({ wrapDataKey: async () => answer });
      const error = await new Envelope({ keyring }).encrypt('x').then(assert.fail, (e) => e);
      assert.match(error.code, /^ERR_ENVELOPE_(KEYRING_FAILED|LIMIT_EXCEEDED|INVALID_ARGUMENT)$/);
    });
  }

  for (const [what, answer, code] of [
    ['a string', 'x', 'KEYRING_FAILED'],
    ['an object', {}, 'KEYRING_FAILED'],
    ['a data key of another length', Buffer.alloc(31), 'KEYRING_FAILED'],
    ['another data key', Buffer.alloc(32), 'AUTHENTICATION_FAILED'],
  ]) {
    it(`unwrapDataKey gives ${what}: ${code}`, async () => {
      const { keyring } = vault({ unwrapDataKey: async () => answer });
      const message = await new Envelope({ keyring }).encrypt('x');
      await rejection(new Envelope({ keyring }).decrypt(message), code);
    });
  }

  it('an answer that is late, or never comes: KEYRING_TIMEOUT, and the late one is ignored', async () => {
    let settle;
    const { keyring } = vault({
      wrapDataKey: () => new Promise((resolve) => (settle = resolve)),
      timeoutMs: 50,
    });
    const envelope = new Envelope({ keyring });
    const error = await rejection(envelope.encrypt('x'), 'KEYRING_TIMEOUT');
    assert.equal(error.retryable, true);
    settle({ ciphertext: Buffer.from('late'), keyName: 'n' });
    await wait(10);
  });

  it('a signal ends the wait', async () => {
    const { keyring } = vault({ wrapDataKey: () => new Promise(() => {}) });
    const signal = AbortSignal.timeout(20);
    await rejection(new Envelope({ keyring }).encrypt('x', { signal }), 'ABORTED');
  });

  it('Envelope.open wraps and unwraps a data key with it', async () => {
    const { keyring, log } = vault();
    await Envelope.open({ keyring });
    assert.deepEqual(log, ['wrap', 'unwrap transit/app']);
    const broken = vault({ unwrapDataKey: failure(new Error('denied')) });
    await rejection(Envelope.open({ keyring: broken.keyring }), 'KEYRING_FAILED');
  });

  it('wrong options are refused', () => {
    const good = { providerId: 'p', wrapDataKey: async () => {}, unwrapDataKey: async () => {} };
    for (const change of [
      { providerId: '' },
      { providerId: 'aws-kms' },
      { providerId: 'aws-kms-hierarchy' },
      { wrapDataKey: undefined },
      { unwrapDataKey: 'x' },
      { timeoutMs: 0 },
      { retries: 1 },
    ]) {
      thrown(() => new CustomKeyring({ ...good, ...change }), 'INVALID_ARGUMENT');
    }
  });
});
