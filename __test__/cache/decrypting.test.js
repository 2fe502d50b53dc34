'use strict';

const assert = require('node:assert/strict');
const { before, beforeEach, describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const { AwsKmsKeyring, Envelope, inspect } = require('../..');
const { flip } = require('../support/edits');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
const encryptionContext = { tenant: 'a' };

describe('the cache decrypts', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let keyring;

  before(async () => {
    keyring = await newKeyring(moto);
  });
  beforeEach(() => moto.clearRequests());

  const cached = (limits = {}, options = {}) =>
    new Envelope({ keyring, cache: limits, ...options });
  const calls = () => moto.operations();

  /** Decrypts from the cache until the entry is dropped: never, if a use prolonged its life. */
  async function untilDropped(envelope, message) {
    for (;;) {
      try {
        envelope.decryptSync(message);
      } catch (error) {
        assert.equal(error.code, 'ERR_ENVELOPE_WOULD_BLOCK');
        return;
      }
      await wait(10);
    }
  }

  describe('messages of its own envelope', () => {
    it('without a KMS call, in every way to read', async () => {
      const envelope = cached();
      const message = await envelope.encrypt('x', { encryptionContext });
      assert.equal(String(envelope.decryptSync(message, { encryptionContext })), 'x');
      assert.equal(await envelope.plaintextSize(message), 1);
      const [{ value }] = await envelope.decryptBatch([message]);
      assert.equal(String(value), 'x');
      assert.deepEqual(await calls(), ['GenerateDataKey']);
      assert.equal(envelope.stats().cache.entries, 1, 'one data key is one entry');
    });

    it('for maxAgeMs, which begins when the data key was made', async () => {
      const envelope = cached({ maxAgeMs: 300 });
      await untilDropped(envelope, await envelope.encrypt('x'));
      assert.equal(envelope.stats().cache.entries, 0);
    });

    it('also when its data key is used up, or was renewed', async () => {
      for (const limits of [{ maxMessages: 2 }, { maxBytes: 2 }]) {
        const envelope = cached(limits);
        const messages = [];
        for (let i = 0; i < 5; i++) messages.push(await envelope.encrypt(String(i)));
        // Decrypting uses nothing up, however often.
        for (const message of [...messages, ...messages]) envelope.decryptSync(message);
        messages.forEach((message, i) =>
          assert.equal(String(envelope.decryptSync(message)), `${i}`),
        );
        assert.deepEqual(await calls(), Array(3).fill('GenerateDataKey'), Object.keys(limits)[0]);
        await moto.clearRequests();
      }
      const renewing = cached({ maxAgeMs: 60_000, renewBeforeMs: 59_999 });
      const first = await renewing.encrypt('x');
      const wrapped = (message) => inspect(message).encryptedDataKeys[0].ciphertext.toString('hex');
      await wait(5);
      while (wrapped(await renewing.encrypt('y')) === wrapped(first)) await wait(5);
      assert.equal(String(renewing.decryptSync(first)), 'x');
    });

    it('but drops a used-up data key first when it is full', async () => {
      const envelope = cached({ maxEntries: 2, maxMessages: 1 });
      const [a, b, c] = [
        await envelope.encrypt('a', { encryptionContext: { of: 'a' } }),
        await envelope.encrypt('b', { encryptionContext: { of: 'b' } }),
        await envelope.encrypt('b', { encryptionContext: { of: 'b' } }),
      ];
      assert.equal(envelope.stats().cache.entries, 2);
      thrown(() => envelope.decryptSync(b), 'WOULD_BLOCK');
      envelope.decryptSync(c);
      envelope.decryptSync(a);
    });

    it('not after the cache was cleared', async () => {
      const envelope = cached();
      const message = await envelope.encrypt('x');
      envelope.clearCache();
      thrown(() => envelope.decryptSync(message), 'WOULD_BLOCK');
    });

    it('not if the message was changed', async () => {
      const envelope = cached();
      const message = await envelope.encrypt('x'.repeat(100));
      for (const place of ['message id', 'header tag', 'final content', 'final tag']) {
        thrown(() => envelope.decryptSync(flip(message, place)), 'AUTHENTICATION_FAILED');
      }
    });

    it('not with another context, nor without a required pair', async () => {
      const envelope = cached({}, { requiredContextKeys: ['tenant'] });
      const message = await envelope.encrypt('x', { encryptionContext });
      assert.equal(String(envelope.decryptSync(message, { encryptionContext })), 'x');
      thrown(() => envelope.decryptSync(message), 'INVALID_ARGUMENT');
      const other = { encryptionContext: { tenant: 'b' } };
      thrown(() => envelope.decryptSync(message, other), 'WOULD_BLOCK');
    });

    it('and verifies their signatures', async () => {
      const envelope = cached({}, { algorithmSuite: 0x0578 });
      const message = await envelope.encrypt('x');
      assert.equal(String(envelope.decryptSync(message)), 'x');
      thrown(() => envelope.decryptSync(flip(message, 'signature')), 'AUTHENTICATION_FAILED');
      await assert.rejects(envelope.decryptStream().end(message).toArray(), {
        code: 'ERR_ENVELOPE_SIGNED_MESSAGE',
      });
    });

    it('but none of another envelope', async () => {
      const message = await cached().encrypt('x');
      thrown(() => cached().decryptSync(message), 'WOULD_BLOCK');
    });
  });

  describe('messages that it was warmed for', () => {
    /** Messages with data keys of their own. */
    const written = (count) => {
      const writer = new Envelope({ keyring });
      const all = Array.from({ length: count }, (_, i) => writer.encrypt(String(i)));
      return Promise.all(all);
    };

    it('one, several, or their headers: one call for each data key', async () => {
      const messages = await written(3);
      const batch = await new Envelope({ keyring }).encryptBatch(['y', 'z']);
      const shared = batch.map(({ value }) => value);
      await moto.clearRequests();
      const envelope = cached();
      assert.equal(await envelope.warm({ messages: messages[0] }), undefined);
      const headers = messages.map((it) => it.subarray(0, inspect(it).headerLength));
      const settled = await envelope.warm({ messages: [...headers, ...shared] });
      assert.deepEqual(settled, Array(5).fill({ status: 'fulfilled', value: undefined }));
      assert.deepEqual(await calls(), Array(4).fill('Decrypt'));
      messages.forEach((it, i) => assert.equal(String(envelope.decryptSync(it)), String(i)));
      assert.equal(String(envelope.decryptSync(shared[1])), 'z');
      assert.equal((await calls()).length, 4);
      assert.deepEqual(await envelope.warm({ messages: [] }), []);
    });

    it('tells what is wrong with each, and warms the others', async () => {
      const [good, changed, cut] = await written(3);
      const foreign = await new Envelope({
        keyring: new AwsKmsKeyring({
          keyId: (await moto.createKey()).arn,
          endpoint: moto.endpoint,
        }),
      }).encrypt('x');
      const envelope = cached();
      const messages = [5, flip(changed, 'header tag'), cut.subarray(0, 50), foreign, good];
      const settled = await envelope.warm({ messages });
      assert.deepEqual(
        settled.map(({ reason }) => reason?.code?.replace('ERR_ENVELOPE_', '')),
        [
          'INVALID_ARGUMENT',
          'AUTHENTICATION_FAILED',
          'TRUNCATED_MESSAGE',
          'NO_USABLE_KEY',
          undefined,
        ],
      );
      assert.equal(envelope.stats().cache.entries, 1, 'of what did not verify nothing is kept');
      envelope.decryptSync(good);
      await rejection(envelope.warm({ messages: messages[1] }), 'AUTHENTICATION_FAILED');
      await rejection(envelope.warm({ messages: 5 }), 'INVALID_ARGUMENT');
      const { proxy, revoke } = Proxy.revocable([messages[0]], {});
      await rejection(envelope.warm({ messages: proxy }), 'INVALID_ARGUMENT');
      revoke();
      await rejection(envelope.warm({ messages: proxy }), 'INVALID_ARGUMENT');
    });

    it('only if the policy allows their suites, keys, contexts and data keys', async () => {
      const [message] = await written(1);
      await moto.clearRequests();
      await rejection(
        cached({}, { allowedKeys: ['other'] }).warm({ messages: message }),
        'NO_USABLE_KEY',
      );
      await rejection(cached().warm({ messages: message, encryptionContext }), 'CONTEXT_MISMATCH');
      const discovery = { partition: 'aws', accountIds: ['999999999999'] };
      const stranger = new AwsKmsKeyring({ discovery, endpoint: moto.endpoint });
      const reader = new Envelope({ keyring: stranger, cache: {} });
      await rejection(reader.warm({ messages: message }), 'NO_USABLE_KEY');
      assert.deepEqual(await calls(), [], 'nothing of that is asked of KMS');
      const old = { algorithmSuite: 0x0178, commitmentPolicy: 'forbidEncryptAllowDecrypt' };
      const uncommitted = await new Envelope({ keyring, ...old }).encrypt('x');
      await rejection(cached().warm({ messages: uncommitted }), 'COMMITMENT_POLICY');
    });

    it('up to maxEntries, and rejects the rest without a call', async () => {
      const messages = await written(4);
      await moto.clearRequests();
      const envelope = cached({ maxEntries: 2 });
      const settled = await envelope.warm({ messages });
      const [, , third, fourth] = settled;
      assert.deepEqual(
        settled.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
      );
      for (const { reason } of [third, fourth]) {
        assert.equal(reason.code, 'ERR_ENVELOPE_LIMIT_EXCEEDED');
        assert.match(reason.message, /room for 2 \(`cache\.maxEntries`\)/);
      }
      assert.equal((await calls()).length, 2, 'the others are not asked for');
      envelope.decryptSync(messages[0]);
      envelope.decryptSync(messages[1]);
    });

    it('for no longer than maxAgeMs', async () => {
      const [message] = await written(1);
      const envelope = cached({ maxAgeMs: 1000 });
      await envelope.warm({ messages: message });
      await untilDropped(envelope, message);
    });

    it('not without a cache, nor under suites whose data keys are for one message', async () => {
      const [message] = await written(1);
      await rejection(new Envelope({ keyring }).warm({ messages: message }), 'INVALID_ARGUMENT');
      const options = { algorithmSuite: 0x0078, commitmentPolicy: 'forbidEncryptAllowDecrypt' };
      const underived = await new Envelope({ keyring, ...options }).encrypt('x');
      await moto.clearRequests();
      const error = await rejection(
        cached({}, options).warm({ messages: underived }),
        'INVALID_ARGUMENT',
      );
      assert.match(error.message, /derives no key/);
      assert.deepEqual(await calls(), []);
    });

    it('unless a signal has fired', async () => {
      const messages = await written(2);
      const signal = AbortSignal.abort();
      await rejection(cached().warm({ messages, signal }), 'ABORTED');
    });
  });
});
