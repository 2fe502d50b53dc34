'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const crypto = require('node:crypto');
const http = require('node:http');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { refusal, startFakeKms } = require('../support/fake-kms');
const { nodeBinary } = require('../support/nodes');
const { requireOrSkip, skipWithout } = require('../support/requirements');

const EXAMPLES = path.join(__dirname, '..', '..', 'examples');
const node = nodeBinary(24);
const ready = (t) => requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`');

async function run(script, args = [], env = {}) {
  const options = { env: { ...process.env, ...env }, timeout: 120_000 };
  return promisify(execFile)(node, [script, ...args], options);
}

describe('examples/google-kms.ts', { skip: skipWithout('examples') }, () => {
  it('works with the official client over gRPC', async (t) => {
    if (!ready(t)) return;
    const script = path.join(__dirname, '..', 'support', 'google-kms.mjs');
    const { stdout } = await run(script, [], { METADATA_SERVER_DETECTION: 'none' });
    const failed = (retryable) => ({ code: 'ERR_ENVELOPE_KEYRING_FAILED', retryable });
    assert.deepEqual(JSON.parse(stdout), {
      keyProviderId: 'google-cloud-kms',
      keyName: 'projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k',
      plaintext: 'hello',
      otherKey: { code: 'ERR_ENVELOPE_NO_USABLE_KEY', retryable: false },
      otherContext: failed(false),
      operations: ['Encrypt', 'Decrypt', 'Encrypt', 'Decrypt'],
      denied: failed(false),
      internal: failed(true),
    });
  });
});

describe('examples/vault.ts', { skip: skipWithout('examples') }, () => {
  const key = crypto.randomBytes(32);
  const log = [];
  let fault;
  let server;
  let env;

  before(async () => {
    server = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      log.push(`${request.url} ${request.headers['x-vault-token']}`);
      const [status, body] = fault ?? transit(request.url, JSON.parse(Buffer.concat(chunks)));
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    env = { VAULT_ADDR: `http://127.0.0.1:${server.address().port}`, VAULT_TOKEN: 'a-token' };
  });
  after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  it('works with the client over HTTP', async (t) => {
    if (!ready(t)) return;
    const { stdout } = await run(path.join(EXAMPLES, 'vault.ts'), ['app'], env);
    assert.equal(stdout, 'hello\n');
    assert.deepEqual(log.splice(0), [
      '/v1/transit/encrypt/app a-token',
      '/v1/transit/decrypt/app a-token',
    ]);
  });

  for (const [what, status, retryable] of [
    ['a refusal', 403, false],
    ['a sealed server', 503, true],
  ]) {
    it(`${what}: KEYRING_FAILED, and no data key in the error`, async (t) => {
      if (!ready(t)) return;
      fault = [status, { errors: ['by the test'] }];
      const failed = await run(path.join(EXAMPLES, 'vault.ts'), ['app'], env).catch((e) => e);
      fault = undefined;
      assert.match(failed.stderr, /ERR_ENVELOPE_KEYRING_FAILED/);
      assert.match(failed.stderr, new RegExp(`retryable: ${retryable}`));
      assert.doesNotMatch(failed.stderr, /plaintext|[A-Za-z0-9+/]{43}=/);
    });
  }

  /** As the Transit engine's HTTP API does, for a key of the type aes256-gcm96. */
  function transit(url, { plaintext, ciphertext, associated_data: aad }) {
    const additional = Buffer.from(aad, 'base64');
    if (url === '/v1/transit/encrypt/app') {
      const iv = crypto.randomBytes(12);
      const cipher = crypto.createCipheriv('aes-256-gcm', key, iv).setAAD(additional);
      const sealed = [iv, cipher.update(plaintext, 'base64'), cipher.final(), cipher.getAuthTag()];
      const wrapped = `vault:v1:${Buffer.concat(sealed).toString('base64')}`;
      return [200, { data: { ciphertext: wrapped, key_version: 1 } }];
    }
    const sealed = Buffer.from(ciphertext.split(':')[2], 'base64');
    const decipher = crypto
      .createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
      .setAAD(additional)
      .setAuthTag(sealed.subarray(-16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    return [200, { data: { plaintext: opened.toString('base64') } }];
  }
});

describe('examples/opentelemetry.ts', { skip: skipWithout('examples') }, () => {
  const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const good = {
    KeyId: ARN,
    Plaintext: Buffer.alloc(32, 1).toString('base64'),
    CiphertextBlob: Buffer.alloc(100, 2).toString('base64'),
  };
  let fake;
  let answer;

  before(async () => (fake = await startFakeKms((...call) => answer(...call))));
  after(() => fake.stop());
  const trace = () =>
    run(path.join(EXAMPLES, 'opentelemetry.ts'), [], {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_KMS: fake.endpoint,
      ENCRYPTION_KEY_ID: ARN,
    });

  it('makes a span of the call, below the span of who caused it', async (t) => {
    if (!ready(t)) return;
    answer = () => ({ body: good });
    const { stdout } = await trace();
    assert.match(stdout, /name: 'key service GenerateDataKey'/);
    assert.match(stdout, /'aws.request_id': 'request-1'/);
    assert.match(stdout, /'kms_envelope.attempts': 1/);
    const traces = new Set([...stdout.matchAll(/traceId: '(\w+)'/g)].map(([, id]) => id));
    const [child, parent] = [...stdout.matchAll(/^ {2}id: '(\w+)'/gm)].map(([, id]) => id);
    assert.equal(traces.size, 1, 'one trace');
    assert.ok(child !== parent && stdout.includes(`spanId: '${parent}'`), 'with a parent');
  });

  it('shows why a call failed', async (t) => {
    if (!ready(t)) return;
    answer = () => refusal('AccessDeniedException');
    const { stdout } = await trace().catch((error) => error);
    assert.match(stdout, /'error.type': 'ERR_ENVELOPE_KMS_ACCESS_DENIED'/);
    assert.match(stdout, /status: \{\s*code: 2/);
  });
});
