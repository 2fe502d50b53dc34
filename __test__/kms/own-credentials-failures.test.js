'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const {
  SECRET,
  inSeconds,
  keys,
  roundTrip,
  startCallersKms,
} = require('../support/own-credentials');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { everything } = require('../support/secrets');

describe('a function that gives no credentials', { skip: skipWithout('python') }, () => {
  let kms;

  before(async () => {
    kms = await startCallersKms();
  });
  beforeEach(() => kms.clear());
  after(() => kms?.stop());

  const HIDDEN = {
    get message() {
      throw new Error('a getter');
    },
  };
  const FAILURES = {
    'a rejected promise': [
      () => Promise.reject(new Error('the vault is sealed')),
      /function failed/,
      /the vault is sealed/,
    ],
    'a thrown error': [
      () => {
        throw new Error('the vault is sealed');
      },
      /function failed/,
      /the vault is sealed/,
    ],
    'a thrown string': [
      () => {
        throw 'the vault is sealed';
      },
      /function failed/,
      /the vault is sealed/,
    ],
    'something thrown that cannot be read': [
      () => {
        throw HIDDEN;
      },
      /function failed/,
      /cannot be read/,
    ],
    'a thrown error with the key in it': [
      () => {
        throw new Error(`wrong: ${SECRET}`);
      },
      /function failed/,
      /\[hidden\]/,
    ],
    nothing: [() => undefined, /wrong answer: undefined, not \{ accessKeyId/],
    'a string': [() => 'AKID', /wrong answer: a string, not/],
    'no access key id': [
      () => ({ secretAccessKey: SECRET }),
      /wrong answer: accessKeyId must be a string/,
    ],
    'no secret': [
      () => ({ accessKeyId: 'AKID' }),
      /wrong answer: secretAccessKey must be a string/,
    ],
    'a key in two lines': [
      () => keys('AKID', { secretAccessKey: `${SECRET}\n` }),
      /secretAccessKey has a space, a line break/,
    ],
    'a token that is no string': [
      () => keys('AKID', { sessionToken: 5 }),
      /sessionToken must be a string/,
    ],
    'an end that is a string': [
      () => keys('AKID', { expiration: '2030-01-01' }),
      /expiration must be a valid Date, not a string/,
    ],
    'an end that is no time': [
      () => keys('AKID', { expiration: new Date(NaN) }),
      /expiration must be a valid Date, not an invalid/,
    ],
    'keys that have expired': [
      () => keys('AKID', { expiration: inSeconds(-1) }),
      /have expired; let it return new ones/,
    ],
    'an answer that throws when it is read': [
      () => ({
        get accessKeyId() {
          throw new Error('a getter');
        },
      }),
      /function failed/,
      /a getter/,
    ],
    'a Proxy that was revoked': [revoked, /function failed/, /proxy that has been revoked/],
  };
  for (const [what, [provide, text, cause]] of Object.entries(FAILURES)) {
    it(`a function that gives ${what}: an error that says so, without any secret`, async () => {
      for (const credentials of [provide, async () => provide()]) {
        const error = await rejection(
          kms.envelopeOf(credentials).encrypt('x'),
          'KMS_NO_CREDENTIALS',
        );
        assert.match(
          error.message,
          /^the AWS credentials should come from the option `credentials`, but/,
        );
        assert.match(error.message, text);
        if (cause) assert.match(error.cause.message, cause);
        else assert.equal(error.cause, undefined);
        assert.equal(error.retryable, false);
        assert.ok(!everything(error).includes(SECRET.slice(0, 12)));
      }
      assert.deepEqual(await kms.callers(), []);
    });
  }

  it('a failure of which the function, or the JavaScript SDK, says that it passes is retryable', async () => {
    for (const mark of [{ retryable: true }, { $retryable: { throttling: true } }]) {
      let fails = true;
      const envelope = kms.envelopeOf(async () => {
        if (fails) throw Object.assign(new Error('slow down'), mark);
        return keys('AKIDLATER');
      });
      const error = await rejection(envelope.encrypt('x'), 'KMS_NO_CREDENTIALS');
      assert.equal(error.retryable, true);
      fails = false;
      await roundTrip(envelope);
    }
  });

  it('an answer that never comes ends with credentialsTimeoutMs, and a late one is ignored', async () => {
    const settle = [];
    const envelope = kms.envelopeOf(() => new Promise((resolve) => settle.push(resolve)), {
      credentialsTimeoutMs: 50,
    });
    const error = await rejection(envelope.encrypt('x'), 'KMS_NO_CREDENTIALS');
    assert.match(
      error.message,
      /did not answer in time; try again, or raise `credentialsTimeoutMs`/,
    );
    assert.equal(error.retryable, true);
    settle[0](keys('AKIDLATE'));
    const second = envelope.encrypt('x');
    while (settle.length < 2) await wait(1);
    settle[1](keys('AKIDINTIME'));
    await second;
    assert.deepEqual(await kms.callers(), ['AKIDINTIME GenerateDataKey']);
  });

  it('a signal ends the wait for it, and others wait on', async () => {
    let settle;
    const envelope = kms.envelopeOf(() => new Promise((resolve) => (settle = resolve)));
    const controller = new AbortController();
    const gone = envelope.encrypt('x', { signal: controller.signal });
    while (!settle) await wait(1);
    const other = envelope.encrypt('y');
    controller.abort();
    await rejection(gone, 'ABORTED');
    settle(keys('AKIDOTHER'));
    await other;
  });

  it('access keys that have expired are an error when they are used', async () => {
    const envelope = kms.envelopeOf(keys('AKIDOLD', { expiration: inSeconds(-1) }));
    const error = await rejection(envelope.encrypt('x'), 'KMS_NO_CREDENTIALS');
    assert.match(error.message, /they have expired; give a function that returns new ones/);
  });
});

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
