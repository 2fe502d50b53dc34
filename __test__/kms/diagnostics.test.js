'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');
const { after, before, beforeEach, describe, it } = require('node:test');
const { inspect: print } = require('node:util');

const { AwsKmsKeyring, CustomKeyring, Envelope } = require('../..');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const SECRET = Buffer.alloc(32, 'secret!!');
const good = {
  body: {
    KeyId: ARN,
    Plaintext: SECRET.toString('base64'),
    CiphertextBlob: Buffer.alloc(100, 2).toString('base64'),
  },
};
const NAMES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

describe('the tracing channel kms-envelope:key-service', () => {
  let fake;
  let answer;
  let events;
  let envelope;
  const channel = tracingChannel('kms-envelope:key-service');
  const storage = new AsyncLocalStorage();
  const handlers = Object.fromEntries(
    NAMES.map((name) => [name, (call) => events.push({ name, call, store: storage.getStore() })]),
  );

  before(async () => {
    fake = await startFakeKms((...call) => answer(...call));
    channel.subscribe(handlers);
  });
  beforeEach(() => {
    events = [];
    answer = () => good;
    fake.state.calls = 0;
    envelope = new Envelope({
      keyring: new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint }),
    });
  });
  after(() => {
    channel.unsubscribe(handlers);
    return fake.stop();
  });

  it('tells of each call: operation, key, duration, attempts, request id', async () => {
    const begun = performance.now();
    const message = await envelope.encrypt('x');
    await envelope.decrypt(message);
    const whole = performance.now() - begun;
    const ended = events.filter(({ name }) => name === 'asyncEnd').map(({ call }) => call);
    assert.deepEqual(
      ended.map(({ operation, keyId, region, attempts, requestId, aborted }) => ({
        operation,
        keyId,
        region,
        attempts,
        requestId,
        aborted,
      })),
      ['GenerateDataKey', 'Decrypt'].map((operation, i) => ({
        operation,
        keyId: ARN,
        region: 'us-east-1',
        attempts: 1,
        requestId: `request-${i + 1}`,
        aborted: false,
      })),
    );
    for (const { durationMs } of ended) assert.ok(durationMs > 0 && durationMs <= whole);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['start', 'end', 'asyncStart', 'asyncEnd', 'start', 'end', 'asyncStart', 'asyncEnd'],
    );
    assert.equal(events[0].call, events[3].call, 'one object for one call');
  });

  it('tells why a call failed, and how often it was tried', async () => {
    answer = () => refusal('KMSInternalException', 500);
    const error = await rejection(envelope.encrypt('x'), 'KMS_INTERNAL');
    const { call } = events.find(({ name }) => name === 'error');
    assert.equal(call.error.code, error.code);
    assert.equal(call.error.message, error.message);
    assert.equal(call.attempts, 3);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
    );
  });

  it('tells that nobody waited for a call any more', async () => {
    answer = () => ({ never: true });
    await rejection(envelope.encrypt('x', { signal: AbortSignal.timeout(50) }), 'ABORTED');
    while (!events.some(({ name }) => name === 'asyncEnd')) await new Promise(setImmediate);
    assert.equal(events.at(-1).call.aborted, true);
  });

  it('never tells of key material', async () => {
    await envelope.decrypt(await envelope.encrypt('the plaintext'));
    await envelope.generateDataKey();
    answer = () => refusal('AccessDeniedException');
    await rejection(envelope.generateDataKey(), 'KMS_ACCESS_DENIED');
    const told = print(events, { depth: 9, maxArrayLength: null, showHidden: true });
    for (const encoding of ['utf8', 'hex', 'base64']) {
      assert.ok(!told.includes(SECRET.toString(encoding)), encoding);
    }
    assert.ok(!told.includes('the plaintext'));
  });

  it('publishes in the asynchronous context of who called', async () => {
    await Promise.all(['a', 'b'].map((name) => storage.run(name, () => envelope.encrypt(name))));
    for (const name of ['start', 'asyncEnd']) {
      const stores = events.filter((event) => event.name === name).map(({ store }) => store);
      assert.deepEqual(stores.sort(), ['a', 'b']);
    }
  });

  it('tells of files, streams, batches, and of keyrings of one’s own', async () => {
    const dataKeys = [];
    const keyring = new CustomKeyring({
      providerId: 'own',
      wrapDataKey: async ({ dataKey }) => {
        dataKeys.push(Buffer.from(dataKey));
        return { ciphertext: Buffer.from('x'), keyName: 'mine' };
      },
      unwrapDataKey: async () => Buffer.from(dataKeys.at(-1)),
    });
    const own = new Envelope({ keyring });
    const [{ value }] = await own.encryptBatch(['x']);
    await own.decryptMessage(value);
    const operations = events.flatMap(({ name, call }) => (name === 'start' ? call.operation : []));
    assert.deepEqual(operations, ['wrapDataKey', 'unwrapDataKey']);
    events = [];
    for await (const piece of own.encryptStream().end('x')) assert.ok(piece.length > 0);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['start', 'end', 'asyncStart', 'asyncEnd'],
    );
  });

  it('costs nothing when nobody listens', async () => {
    channel.unsubscribe(handlers);
    await envelope.encrypt('x');
    channel.subscribe(handlers);
    assert.deepEqual(events, []);
    assert.equal(envelope.stats().keyService.calls, 1);
  });
});
