'use strict';

const assert = require('node:assert/strict');
const { before, beforeEach, describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const { AwsKmsKeyring, CustomKeyring, Envelope, inspect } = require('../..');
const { flip } = require('../support/edits');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { through } = require('../support/streams');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const encryptionContext = { tenant: 'acme' };

describe('the cache of data keys', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let keyring;

  before(async () => {
    keyring = await newKeyring(moto);
  });
  beforeEach(() => moto.clearRequests());

  it('asks KMS once for 10,000 messages at once, and not to decrypt them', async () => {
    const envelope = cached();
    const all = Array.from({ length: 10_000 }, (_, i) =>
      envelope.encrypt(`message ${i}`, { encryptionContext }),
    );
    const messages = await Promise.all(all);
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    assert.equal(
      new Set(messages.map((message) => inspect(message).messageId.toString('hex'))).size,
      10_000,
    );
    const opened = await Promise.all(messages.map((message) => envelope.decrypt(message)));
    opened.forEach((plaintext, i) => assert.equal(String(plaintext), `message ${i}`));
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    const { entries, hits, misses } = envelope.stats().cache;
    assert.equal(entries, 1);
    assert.equal(hits + misses, 20_000);
    const stranger = new Envelope({ keyring });
    assert.equal(String(await stranger.decrypt(messages[7])), 'message 7');
  });

  it('asks KMS again for another encryption context', async () => {
    const envelope = cached();
    for (const tenant of ['a', 'b', 'a']) {
      await envelope.encrypt('x', { encryptionContext: { tenant } });
    }
    assert.deepEqual(await calls(), ['GenerateDataKey', 'GenerateDataKey']);
  });

  it('uses a data key for no more messages than it may, however many ask at once', async () => {
    const envelope = cached({ maxMessages: 7 });
    const messages = await Promise.all(Array.from({ length: 30 }, () => envelope.encrypt('x')));
    const uses = new Map();
    for (const message of messages) {
      const [{ ciphertext }] = inspect(message).encryptedDataKeys;
      const key = ciphertext.toString('hex');
      uses.set(key, (uses.get(key) ?? 0) + 1);
    }
    assert.deepEqual([...uses.values()].sort(), [2, 7, 7, 7, 7]);
  });

  it('uses a data key for no more than maxBytes', async () => {
    const envelope = cached({ maxBytes: 1000 });
    for (let i = 0; i < 5; i++) await envelope.encrypt(Buffer.alloc(400));
    assert.equal((await calls()).length, 3);
    await envelope.encrypt(Buffer.alloc(1001));
    assert.equal((await calls()).length, 4, 'a plaintext longer than maxBytes has its own');
    await envelope.encrypt(Buffer.alloc(400));
    assert.equal((await calls()).length, 4);
  });

  it('counts the bytes of streams of unknown length, too', async () => {
    const envelope = cached({ maxBytes: 100_000 });
    for (let i = 0; i < 3; i++) {
      const { output } = await through(envelope.encryptStream(), [Buffer.alloc(60_000, i)]);
      assert.ok((await envelope.decrypt(output)).equals(Buffer.alloc(60_000, i)));
    }
    const keys = (await calls()).filter((call) => call === 'GenerateDataKey');
    assert.equal(keys.length, 2);
  });

  it('drops a data key that is older than maxAgeMs', async () => {
    const envelope = cached({ maxAgeMs: 50 });
    const message = await envelope.encrypt('x');
    await wait(80);
    await envelope.encrypt('x');
    await envelope.decrypt(message);
    assert.deepEqual(await calls(), ['GenerateDataKey', 'GenerateDataKey', 'Decrypt']);
  });

  it('renews a data key once before it is maxAgeMs old, and uses the old one meanwhile', async () => {
    const envelope = cached({ maxAgeMs: 60_000, renewBeforeMs: 59_900 });
    const first = await envelope.encrypt('x');
    await wait(150);
    const used = Array.from({ length: 20 }, () => envelope.encryptSync('x'));
    while ((await calls()).length < 2) await wait(5);
    while (wrappedKey(envelope.encryptSync('x')) === wrappedKey(first)) await wait(5);
    assert.equal(new Set([first, ...used].map(wrappedKey)).size, 1, 'the old one was used on');
    assert.deepEqual(await calls(), ['GenerateDataKey', 'GenerateDataKey']);
    assert.equal(String(await envelope.decrypt(first)), 'x');
  });

  it('repeats a renewal that failed, and uses the old data key meanwhile', async () => {
    const { keyId } = await moto.createKey();
    const alias = 'alias/that-goes';
    await moto.createAlias(alias, keyId);
    const region = 'us-east-1';
    const passing = new AwsKmsKeyring({ keyId: alias, region, endpoint: moto.endpoint });
    const limits = { maxAgeMs: 60_000, renewBeforeMs: 59_990 };
    const envelope = new Envelope({ keyring: passing, cache: limits });
    const first = await envelope.encrypt('x');
    await moto.kms('DeleteAlias', { AliasName: alias });
    while (envelope.stats().keyService.failures < 2) {
      assert.equal(wrappedKey(await envelope.encrypt('x')), wrappedKey(first));
      await wait(5);
    }
    await moto.createAlias(alias, keyId);
    while (wrappedKey(envelope.encryptSync('x')) === wrappedKey(first)) await wait(5);
  });

  it('keeps at most maxEntries, and drops the least recently used', async () => {
    const envelope = cached({ maxEntries: 2 });
    for (const tenant of ['a', 'b', 'a', 'c', 'a', 'b']) {
      await envelope.encrypt('x', { encryptionContext: { tenant } });
    }
    assert.equal((await calls()).length, 4);
    assert.equal(envelope.stats().cache.entries, 2);
  });

  it('lets synchronous calls work after it was warmed', async () => {
    const envelope = cached();
    thrown(() => envelope.encryptSync('x', { encryptionContext }), 'WOULD_BLOCK');
    await envelope.warm({ encryptionContext });
    await envelope.warm({ encryptionContext });
    const message = envelope.encryptSync('x', { encryptionContext });
    assert.equal(String(envelope.decryptSync(message)), 'x');
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    await rejection(new Envelope({ keyring }).warm(), 'INVALID_ARGUMENT');
  });

  it('asks KMS again after it was cleared', async () => {
    const envelope = cached();
    await envelope.warm();
    envelope.clearCache();
    assert.equal(envelope.stats().cache.entries, 0);
    await envelope.encrypt('x');
    assert.equal((await calls()).length, 2);
  });

  it('rejects a caller whose signal fires, and serves the others who wait for the same call', async () => {
    const { keyring: held, answer, calls: asked } = heldKeyring();
    const envelope = new Envelope({ keyring: held, cache: {} });
    const controller = new AbortController();
    const gone = envelope.encrypt('x', { signal: controller.signal });
    const others = [envelope.encrypt('y'), envelope.encrypt('z')];
    while (envelope.stats().cache.misses < 3) await wait(1);
    controller.abort();
    await rejection(gone, 'ABORTED');
    answer();
    for (const message of await Promise.all(others)) await envelope.decrypt(message);
    assert.deepEqual(asked, ['wrap']);
  });

  it('ends a call that nobody waits for any more, and makes another for the next caller', async () => {
    const { keyring: held, answer, calls: asked } = heldKeyring();
    const envelope = new Envelope({ keyring: held, cache: {} });
    const controller = new AbortController();
    const gone = [1, 2].map(() => envelope.encrypt('x', { signal: controller.signal }));
    while (envelope.stats().cache.misses < 2 || asked.length < 1) await wait(1);
    controller.abort();
    await Promise.all(gone.map((message) => rejection(message, 'ABORTED')));
    answer();
    assert.equal(String(await envelope.decrypt(await envelope.encrypt('y'))), 'y');
    assert.deepEqual(asked, ['wrap', 'wrap']);
  });

  it('rejects all who wait for a call that fails, and does not keep the failure', async () => {
    const arn = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';
    const missing = new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint });
    const envelope = new Envelope({ keyring: missing, cache: {} });
    const all = Array.from({ length: 100 }, () => envelope.encrypt('x').catch((error) => error));
    for (const error of await Promise.all(all))
      assert.equal(error.code, 'ERR_ENVELOPE_KMS_KEY_NOT_FOUND');
    // Those who came after the failure made another call.
    const { length } = await calls();
    assert.ok(length >= 1 && length < 20, `${length} calls`);
    await rejection(envelope.encrypt('x'), 'KMS_KEY_NOT_FOUND');
    assert.equal((await calls()).length, length + 1);
  });

  it('does not help a changed message to be decrypted, though its data key is there', async () => {
    const envelope = cached();
    const message = await envelope.encrypt('x'.repeat(100), { encryptionContext });
    await envelope.decrypt(message);
    for (const place of ['message id', 'header tag', 'final content', 'final tag']) {
      await assert.rejects(envelope.decrypt(flip(message, place)), { name: 'EnvelopeError' });
    }
    await rejection(
      envelope.decrypt(message, { encryptionContext: { tenant: 'b' } }),
      'CONTEXT_MISMATCH',
    );
  });

  it('leaves out suites that derive no key from it', async () => {
    const options = { algorithmSuite: 0x0078, commitmentPolicy: 'forbidEncryptAllowDecrypt' };
    const envelope = new Envelope({ keyring, cache: {}, ...options });
    const messages = await Promise.all([envelope.encrypt('x'), envelope.encrypt('y')]);
    await Promise.all(messages.map((message) => envelope.decrypt(message)));
    assert.equal((await calls()).length, 4);
    assert.equal(envelope.stats().cache.entries, 0);
  });

  it('serves signed messages too', async () => {
    const envelope = new Envelope({ keyring, cache: {}, algorithmSuite: 0x0578 });
    for (const text of ['x', 'y']) {
      assert.equal(String(await envelope.decrypt(await envelope.encrypt(text))), text);
    }
    assert.deepEqual(await calls(), ['GenerateDataKey']);
  });

  /** Returns a keyring that wraps nothing before `answer` is called. */
  function heldKeyring() {
    const calls = [];
    let answer;
    const answered = new Promise((resolve) => {
      answer = resolve;
    });
    const custom = new CustomKeyring({
      providerId: 'held',
      async wrapDataKey({ dataKey }) {
        calls.push('wrap');
        const ciphertext = Buffer.from(dataKey);
        await answered;
        return { ciphertext, keyName: 'key' };
      },
      unwrapDataKey: async ({ ciphertext }) => {
        calls.push('unwrap');
        return ciphertext;
      },
    });
    return { keyring: custom, answer, calls };
  }

  function wrappedKey(message) {
    return inspect(message).encryptedDataKeys[0].ciphertext.toString('hex');
  }

  function cached(limits = {}) {
    return new Envelope({ keyring, cache: limits });
  }

  async function calls() {
    return moto.operations();
  }
});
