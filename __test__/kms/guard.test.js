'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const { after, before, beforeEach, describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const { AwsKmsKeyring, Envelope } = require('../..');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const OTHER = ARN.replace('1234abcd', '99999999');
const dataKey = (KeyId) => ({
  body: {
    KeyId,
    Plaintext: Buffer.alloc(32, 1).toString('base64'),
    CiphertextBlob: Buffer.alloc(100, 2).toString('base64'),
  },
});
const good = (_, body) => dataKey(body.KeyId);

describe('the guard of a key service', () => {
  let fake;
  let answer;
  const envelope = (options) => new Envelope({ keyring: keyringOf(options) });
  const keyringOf = (options = {}) =>
    new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint, ...options });

  before(async () => (fake = await startFakeKms((...call) => answer(...call))));
  beforeEach(() => (fake.state.calls = 0));
  after(() => fake.stop());

  it('makes 10,000 calls for 10,000 messages, never more than 50 at once', async () => {
    let most = 0;
    let now = 0;
    answer = async (...call) => {
      most = Math.max(most, ++now);
      await wait(1);
      now--;
      return good(...call);
    };
    const busy = envelope({ timeoutMs: 120_000 });
    const all = Array.from({ length: 10_000 }, (_, i) => busy.encrypt(`message ${i}`));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await Promise.all(all)).length, 10_000);
    assert.equal(fake.state.calls, 10_000);
    assert.ok(most > 10 && most <= 50, `${most} at once`);
    const { calls, failures, inFlight, queued } = busy.stats().keyService;
    assert.deepEqual([calls, failures, inFlight, queued], [10_000, 0, 0, 0]);
  });

  it('makes at most maxInFlight calls at once, and counts those that wait', async () => {
    const waiting = [];
    answer = (...call) => new Promise((resolve) => waiting.push(() => resolve(good(...call))));
    const narrow = envelope({ maxInFlight: 2 });
    const all = ['a', 'b', 'c', 'd', 'e'].map((text) => narrow.encrypt(text));
    await until(() => waiting.length === 2 && narrow.stats().keyService.queued === 3);
    assert.equal(narrow.stats().keyService.inFlight, 2);
    for (let done = 0; done < 5; done++) {
      await until(() => waiting.length > 0);
      waiting.shift()();
    }
    await Promise.all(all);
  });

  it('lets at most maxQueued calls wait', async () => {
    answer = () => ({ never: true });
    const narrow = envelope({ maxInFlight: 1, maxQueued: 2, timeoutMs: 300, breaker: false });
    const all = Array.from({ length: 5 }, () => narrow.encrypt('x').catch(({ code }) => code));
    const codes = await Promise.all(all);
    const full = codes.filter((code) => code === 'ERR_ENVELOPE_QUEUE_FULL');
    assert.equal(full.length, 2);
    assert.ok(!codes.includes(undefined));
    // A call may have begun in the last moment: it ends before the next test counts calls.
    await wait(50);
    assert.equal(narrow.stats().keyService.queued, 0);
  });

  it('opens the circuit after five failures, tries one call later, and closes it', async () => {
    answer = () => refusal('KMSInternalException', 500);
    const guarded = envelope({ maxAttempts: 1, breaker: { openMs: 400 } });
    for (let i = 0; i < 5; i++) await rejection(guarded.encrypt('x'), 'KMS_INTERNAL');
    const error = await rejection(guarded.encrypt('x'), 'CIRCUIT_OPEN');
    assert.equal(fake.state.calls, 5);
    assert.equal(error.circuit, 'open');
    assert.equal(error.retryable, true);
    assert.ok(error.retryAfterMs > 1 && error.retryAfterMs <= 400);
    assert.ok(error.message.includes(ARN));
    const [{ state, keyId, region }] = guarded.stats().keyService.breakers;
    assert.deepEqual([state, keyId, region], ['open', ARN, 'us-east-1']);

    await wait(450);
    await rejection(guarded.encrypt('x'), 'KMS_INTERNAL');
    await rejection(guarded.encrypt('x'), 'CIRCUIT_OPEN');
    assert.equal(fake.state.calls, 6, 'one trial, which failed');

    await wait(450);
    answer = good;
    await guarded.encrypt('x');
    assert.equal(guarded.stats().keyService.breakers[0].state, 'closed');
    for (let i = 0; i < 4; i++) await guarded.encrypt('x');
    assert.equal(fake.state.calls, 11);
  });

  it('tries one call when the circuit is half-open, and refuses the others', async () => {
    answer = () => refusal('KMSInternalException', 500);
    const guarded = envelope({ maxAttempts: 1, breaker: { failures: 1, openMs: 100 } });
    await rejection(guarded.encrypt('x'), 'KMS_INTERNAL');
    await wait(150);
    const waiting = [];
    answer = (...call) => new Promise((resolve) => waiting.push(() => resolve(good(...call))));
    const trial = guarded.encrypt('x');
    await until(() => waiting.length === 1);
    const error = await rejection(guarded.encrypt('x'), 'CIRCUIT_OPEN');
    assert.equal(error.circuit, 'half-open');
    waiting[0]();
    await trial;
    answer = good;
    await guarded.encrypt('x');
  });

  it('opens the circuit of one key and Region only', async () => {
    answer = (_, { KeyId }) =>
      KeyId === ARN ? refusal('KMSInternalException', 500) : dataKey(KeyId);
    const guarded = envelope({ maxAttempts: 1, breaker: { failures: 1 } });
    await rejection(guarded.encrypt('x'), 'KMS_INTERNAL');
    await rejection(guarded.encrypt('x'), 'CIRCUIT_OPEN');
    await envelope({ keyId: OTHER }).encrypt('x');
  });

  it('does not count refusals', async () => {
    const guarded = envelope({ maxAttempts: 1, breaker: { failures: 2 } });
    for (const [type, code] of Object.entries({
      AccessDeniedException: 'KMS_ACCESS_DENIED',
      DisabledException: 'KMS_KEY_DISABLED',
      NotFoundException: 'KMS_KEY_NOT_FOUND',
    })) {
      answer = () => refusal(type);
      for (let i = 0; i < 3; i++) await rejection(guarded.encrypt('x'), code);
    }
    assert.equal(fake.state.calls, 9);
    assert.equal(guarded.stats().keyService.breakers[0].state, 'closed');
    assert.equal(guarded.stats().keyService.failures, 9);
  });

  it('goes on calling after failures without a breaker', async () => {
    answer = () => refusal('KMSInternalException', 500);
    const unguarded = envelope({ maxAttempts: 1, breaker: false });
    for (let i = 0; i < 8; i++) await rejection(unguarded.encrypt('x'), 'KMS_INTERNAL');
    assert.equal(fake.state.calls, 8);
  });

  it('retries a throttled call, and counts the retries', async () => {
    answer = (operation, body, calls) =>
      calls < 3 ? refusal('ThrottlingException') : good(operation, body);
    const patient = envelope();
    await patient.encrypt('x');
    assert.equal(fake.state.calls, 3);
    const { calls, failures, retries } = patient.stats().keyService;
    assert.deepEqual([calls, failures, retries], [1, 0, 2]);
  });

  it('retries nothing if maxAttempts is 1', async () => {
    answer = () => refusal('ThrottlingException');
    await rejection(envelope({ maxAttempts: 1 }).encrypt('x'), 'KMS_THROTTLED');
    assert.equal(fake.state.calls, 1);
  });

  it('ends an attempt after attemptTimeoutMs, and tries again', async () => {
    answer = (operation, body, calls) => (calls === 1 ? { never: true } : good(operation, body));
    const impatient = envelope({ attemptTimeoutMs: 150, timeoutMs: 3_000 });
    await impatient.encrypt('x');
    assert.equal(fake.state.calls, 2);
  });

  it('recovers from each fault', async () => {
    const faults = [{ reset: true }, refusal('KMSInternalException', 500), { body: '{"KeyId": "' }];
    const one = envelope({ maxAttempts: 1, breaker: { failures: 100 } });
    for (const fault of faults) {
      answer = () => fault;
      const error = await one.encrypt('x').catch((thrown) => thrown);
      assert.match(error.code, /^ERR_ENVELOPE_KMS_(UNREACHABLE|INTERNAL)$/);
      answer = good;
      await one.encrypt('x');
    }
  });

  it('refuses wrong options', () => {
    const wrong = [
      { timeoutMs: 0 },
      { maxInFlight: 0 },
      { maxQueued: -1 },
      { maxAttempts: 0 },
      { attemptTimeoutMs: 0.5 },
      { connectTimeoutMs: '1' },
      { breaker: { failures: 0 } },
      { breaker: { openMs: 0 } },
      { breaker: { times: 1 } },
      { breaker: 5 },
    ];
    for (const options of wrong) {
      assert.throws(() => keyringOf(options), { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
    }
  });
});

describe('a broken answer of a key service', () => {
  it('that stops midway: KMS_TIMEOUT or KMS_UNREACHABLE, after attemptTimeoutMs', async () => {
    const server = http.createServer((request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"KeyId"');
    });
    await withServer(server, async (endpoint) => {
      const options = { keyId: ARN, endpoint, attemptTimeoutMs: 100, maxAttempts: 1 };
      const error = await failure(new Envelope({ keyring: new AwsKmsKeyring(options) }));
      assert.match(error.code, /KMS_(TIMEOUT|UNREACHABLE)$/);
      assert.equal(error.retryable, true);
    });
  });

  it('that ends midway: KMS_INTERNAL or KMS_UNREACHABLE', async () => {
    const server = http.createServer((request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"KeyId"', () => response.destroy());
    });
    await withServer(server, async (endpoint) => {
      const options = { keyId: ARN, endpoint, maxAttempts: 1 };
      const error = await failure(new Envelope({ keyring: new AwsKmsKeyring(options) }));
      assert.match(error.code, /KMS_(INTERNAL|UNREACHABLE)$/);
    });
  });

  it('that is no HTTP: KMS_INTERNAL or KMS_UNREACHABLE', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.end('220 smtp.example.com ESMTP\r\n');
    });
    await withServer(server, async (endpoint) => {
      const options = { keyId: ARN, endpoint, maxAttempts: 1 };
      const error = await failure(new Envelope({ keyring: new AwsKmsKeyring(options) }));
      assert.match(error.code, /KMS_(INTERNAL|UNREACHABLE)$/);
    });
  });

  it('that is the error page of a proxy: KMS_INTERNAL', async () => {
    const server = http.createServer((request, response) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html>Bad Gateway</html>');
    });
    await withServer(server, async (endpoint) => {
      const options = { keyId: ARN, endpoint, maxAttempts: 1 };
      const error = await failure(new Envelope({ keyring: new AwsKmsKeyring(options) }));
      assert.equal(error.code, 'ERR_ENVELOPE_KMS_INTERNAL');
    });
  });
});

function failure(envelope) {
  return envelope.encrypt('x').then(
    () => assert.fail('it was encrypted'),
    (error) => error,
  );
}

async function withServer(server, work) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function until(holds) {
  while (!holds()) await wait(1);
}
