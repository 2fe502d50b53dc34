'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { tracingChannel } = require('node:diagnostics_channel');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, LocalKeyring, MultiKeyring } = require('../..');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');
const { FAULTS, good } = require('../support/leaking-kms');
const { operations } = require('../support/operations');
const { PYTHON, skipWithout } = require('../support/requirements');
const { assertNoSecret, derivedKey, everything } = require('../support/secrets');

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const PLAINTEXT = Buffer.from('TOP-SECRET: the launch code is 0000\u0000\u00ff');
const CLI = path.join(__dirname, '..', '..', 'bin', 'kms-envelope.js');
const CERTIFICATES = path.join(__dirname, '..', 'support', 'certificates.py');

describe('an error under a KMS key', () => {
  const folder = temporaryFolder();
  const secrets = [['the plaintext', PLAINTEXT]];
  /** What KMS was to encrypt: data keys and plaintexts. */
  const sent = new Map();
  const dataKey = crypto.randomBytes(32);
  const events = [];
  const channel = tracingChannel('kms-envelope:key-service');
  const subscriber = Object.fromEntries(
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => [
      name,
      (call) => events.push({ name, ...call }),
    ]),
  );
  const servers = [];
  let fake;
  let fault = good;
  let local;
  let message;
  let localMessage;

  before(async () => {
    process.env.AWS_ACCESS_KEY_ID ??= 'test';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
    const keyFile = path.join(folder, 'local.key');
    LocalKeyring.generate(keyFile);
    local = new LocalKeyring(keyFile);
    secrets.push(['the data key of KMS', dataKey]);
    fake = await startFakeKms((operation, body) => {
      if (typeof body.Plaintext === 'string') {
        sent.set(body.Plaintext, Buffer.from(body.Plaintext, 'base64'));
      }
      return fault({ operation, body, dataKey, keyId: ARN });
    });
    message = await new Envelope({ keyring: kms(fake.endpoint) }).encrypt(PLAINTEXT);
    secrets.push(['the derived key', derivedKey(message, dataKey)]);
    localMessage = await new Envelope({ keyring: local }).encrypt(PLAINTEXT);
    channel.subscribe(subscriber);
  });
  after(async () => {
    channel.unsubscribe(subscriber);
    for (const server of servers) server.close();
    await fake?.stop();
  });

  for (const [name, answer] of Object.entries(FAULTS)) {
    it(`holds no plaintext and no key if KMS ${name}`, async () => {
      fault = answer;
      await assertNothingLeaks(fake.endpoint);
    });
  }

  it('holds neither if KMS cannot be reached, answers garbage, or ends in the middle', async () => {
    const cut = 'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"Plain';
    for (const text of ['garbage\r\n\r\n', cut]) {
      const port = await listen(
        net.createServer((socket) => socket.on('error', () => {}).end(text)),
      );
      await assertNothingLeaks(`http://127.0.0.1:${port}`);
    }
    await assertNothingLeaks('http://127.0.0.1:1');
  });

  it('holds neither if KMS speaks no TLS', async () => {
    await assertNothingLeaks(fake.endpoint.replace('http:', 'https:'));
  });

  it(
    'holds neither if nobody trusts the certificate of KMS',
    { skip: skipWithout('python') },
    async () => {
      const made = execFileSync(PYTHON, [CERTIFICATES, '127.0.0.1'], { encoding: 'utf8' });
      const { server: cert, key } = JSON.parse(made);
      const server = tls.createServer({ cert, key }).on('tlsClientError', () => {});
      await assertNothingLeaks(`https://127.0.0.1:${await listen(server)}`);
    },
  );

  it('holds neither if there are no credentials', async () => {
    const own = { ...process.env };
    const missing = path.join(folder, 'none');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: missing,
      AWS_SHARED_CREDENTIALS_FILE: missing,
    });
    try {
      // Nobody is asked, so that there is no event.
      await assertNothingLeaks(fake.endpoint, { asks: false });
    } finally {
      process.env = own;
    }
  });

  it('is thrown before there is a keyring if the endpoint has no scheme', () => {
    assert.throws(() => kms('127.0.0.1:4566'), { code: 'ERR_ENVELOPE_CONFIGURATION' });
  });

  it('holds neither on the command line', async () => {
    const file = path.join(folder, 'secret.txt');
    const encrypted = path.join(folder, 'secret.encrypted');
    const out = path.join(folder, 'out');
    fs.writeFileSync(file, PLAINTEXT);
    fs.writeFileSync(encrypted, message);
    for (const answer of Object.values(FAULTS).slice(0, 4)) {
      fault = answer;
      for (const endpoint of [fake.endpoint, '127.0.0.1:4566']) {
        const env = { ...process.env, AWS_ENDPOINT_URL_KMS: endpoint, AWS_REGION: 'us-east-1' };
        for (const command of ['encrypt', 'decrypt']) {
          const input = command === 'encrypt' ? file : encrypted;
          const args = [CLI, command, '--key', ARN, input, '-o', out, '--json'];
          const { output, status } = await run(args, env);
          assert.notEqual(status, 0, output);
          assertNoSecret(output, allSecrets(), `${command} ${endpoint}`);
        }
      }
    }
  });

  /** Lets every operation fail under every keyring that asks KMS. */
  async function assertNothingLeaks(endpoint, { asks = true } = {}) {
    const keyring = kms(endpoint);
    const discovery = new AwsKmsKeyring({ ...options(endpoint), discovery: true });
    const given = { working: new Envelope({ keyring: local }), plaintext: PLAINTEXT, folder };
    const shared = {
      ...given,
      message,
      workingMessage: localMessage,
      blob: crypto.randomBytes(100),
    };
    const several = new MultiKeyring({ generator: local, children: [keyring] });
    const all = {
      KMS: operations({ options: { keyring }, ...shared }),
      discovery: operations({ options: { keyring: discovery }, ...shared }),
      'a local generator': operations({ options: { keyring: several }, ...shared }),
    };
    events.length = 0;
    sent.clear();
    let failed = 0;
    for (const [name, calls] of Object.entries(all)) {
      await Promise.all(
        Object.entries(calls).map(async ([operation, call]) => {
          const error = await Promise.resolve()
            .then(call)
            .then(
              () => undefined,
              (reason) => reason,
            );
          // A local generator does some alone, and a discovery keyring names no key to check.
          if (!error) return assert.notEqual(name, 'KMS', `${operation} succeeded`);
          assert.match(error.code, /^ERR_ENVELOPE_/, `${name}, ${operation}: ${error.stack}`);
          assertNoSecret(everything(error), allSecrets(), `${name}, ${operation}`);
          failed += 1;
        }),
      );
    }
    assert.ok(failed > 80, `${failed} operations failed`);
    if (asks)
      assert.ok(
        events.some(({ name }) => name === 'error'),
        'events tell of errors',
      );
    assertNoSecret(events.map(everything).join('\n'), allSecrets(), 'the tracing channel');
  }

  function allSecrets() {
    return [...secrets, ...[...sent.values()].map((secret) => ['what KMS was to encrypt', secret])];
  }

  function kms(endpoint) {
    return new AwsKmsKeyring({ keyId: ARN, ...options(endpoint) });
  }

  function options(endpoint) {
    return {
      endpoint,
      region: 'us-east-1',
      maxAttempts: 1,
      timeoutMs: 2000,
      attemptTimeoutMs: 1500,
      breaker: false,
    };
  }

  async function listen(server) {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  }
});

async function run(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece) => (output += piece));
  }
  const [status] = await once(child, 'close');
  return { output, status };
}
