'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const diagnostics = require('node:diagnostics_channel');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const util = require('node:util');

const { AwsKmsKeyring, CustomKeyring, Envelope, LocalKeyring, MultiKeyring } = require('..');
const { startFakeKms } = require('./support/fake_kms');
const { temporaryFolder } = require('./support/files');

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const PLAINTEXT = Buffer.from('TOP-SECRET: the launch code is 0000\u0000\u00ff');
const CLI = path.join(__dirname, '..', 'bin', 'kms-envelope.js');

describe('no plaintext and no key is in an error', () => {
  const folder = temporaryFolder();
  const keyFile = path.join(folder, 'local.key');
  const secrets = [['the plaintext', PLAINTEXT]];
  const events = [];
  const channel = diagnostics.channel('kms-envelope:kms:error');
  const garbage = [];
  let fake;
  let fault;

  before(async () => {
    process.env.AWS_ACCESS_KEY_ID ??= 'test';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
    LocalKeyring.generate(keyFile);
    const dataKey = crypto.randomBytes(32);
    secrets.push(['the data key of KMS', dataKey]);
    fake = await startFakeKms((operation, body) => {
      if (typeof body.Plaintext === 'string') {
        secrets.push(['what KMS was to encrypt', Buffer.from(body.Plaintext, 'base64')]);
      }
      return FAULTS[fault](operation, body, dataKey);
    });
    channel.subscribe((event) => events.push(event));
    for (const text of [
      'garbage\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"Plain',
    ]) {
      const server = net.createServer((socket) => socket.on('error', () => {}).end(text));
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      garbage.push(server);
    }
  });
  after(async () => {
    for (const server of garbage) server.close();
    await fake?.stop();
  });

  /** What a KMS, or what stands in its place, answers. */
  const FAULTS = {
    'repeats the request in its message': (operation, body) => ({
      status: 400,
      body: { __type: 'ValidationException', message: `cannot take ${JSON.stringify(body)}` },
    }),
    'repeats the plaintext as it is': (operation, body, dataKey) => {
      const plaintext = Buffer.from(body.Plaintext ?? '', 'base64');
      const forms = [dataKey, plaintext].flatMap((one) => [
        one.toString('base64'),
        one.toString('base64url'),
        one.toString('hex'),
        one.toString('hex').toUpperCase(),
      ]);
      const message = `${plaintext.toString('utf8')} ${forms.join(' ')} ${forms.join(',')}`;
      return { status: 400, body: { __type: 'AccessDeniedException', message } };
    },
    'names its error by the request': (operation, body, dataKey) => ({
      status: 400,
      body: { __type: `${body.Plaintext ?? dataKey.toString('base64')}/+==`, message: 'no' },
    }),
    'answers a web page': (operation, body) => ({
      status: 502,
      body: `<html>${JSON.stringify(body)}</html>`,
    }),
    'answers fields of a wrong type': (operation, body, dataKey) => ({
      body: { KeyId: 1, Plaintext: `${dataKey.toString('base64')}!`, CiphertextBlob: [] },
    }),
    'answers for another key': (operation, body, dataKey) => ({
      body: {
        KeyId: ARN.replace('1234abcd', 'ffffffff'),
        Plaintext: dataKey.toString('base64'),
        CiphertextBlob: 'AAAA',
      },
    }),
    'answers half of its JSON': (operation, body, dataKey) => ({
      body: `{"KeyId":"${ARN}","Plaintext":"${dataKey.toString('base64')}`,
    }),
    'ends the connection': () => ({ reset: true }),
    'never answers': () => ({ never: true }),
  };

  for (const name of Object.keys(FAULTS)) {
    it(`of a KMS that ${name}`, async () => {
      fault = name;
      await assertNothingLeaks(fake.endpoint);
    });
  }

  it('of an endpoint without a scheme, a closed port, garbage, a cut answer', async () => {
    const ports = garbage.map((server) => server.address().port);
    const endpoints = ports.map((port) => `http://127.0.0.1:${port}`);
    for (const endpoint of ['http://127.0.0.1:1', ...endpoints]) {
      await assertNothingLeaks(endpoint);
    }
    process.env.AWS_ENDPOINT_URL_KMS = '127.0.0.1:4566';
    try {
      // The keyring is not even made.
      await assert.rejects(assertNothingLeaks(), { code: 'ERR_ENVELOPE_CONFIGURATION' });
    } finally {
      delete process.env.AWS_ENDPOINT_URL_KMS;
    }
  });

  it('of TLS that is none', async () => {
    await assertNothingLeaks(fake.endpoint.replace('http:', 'https:'));
  });

  it('of a custom keyring whose function puts the data key into its error', async () => {
    for (const form of ['latin1', 'base64', 'base64url', 'hex', 'json']) {
      const keyring = new CustomKeyring({
        providerId: 'vault',
        breaker: false,
        wrapDataKey: ({ dataKey }) => {
          secrets.push(['the data key of the custom keyring', Buffer.from(dataKey)]);
          const text = form === 'json' ? [...dataKey].join() : dataKey.toString(form);
          throw new Error(`cannot wrap ${text}`);
        },
        unwrapDataKey: () => undefined,
      });
      const error = await new Envelope({ keyring }).encrypt(PLAINTEXT).catch((e) => e);
      assert.equal(error.code, 'ERR_ENVELOPE_KEYRING_FAILED');
      assertNoSecret(everything(error), secrets);
    }
  });

  it('of the command line', async () => {
    const file = path.join(folder, 'secret.txt');
    fs.writeFileSync(file, PLAINTEXT);
    for (const name of ['repeats the plaintext as it is', 'repeats the request in its message']) {
      fault = name;
      for (const endpoint of [fake.endpoint, '127.0.0.1:4566']) {
        const env = { ...process.env, AWS_ENDPOINT_URL_KMS: endpoint, AWS_REGION: 'us-east-1' };
        const args = [CLI, 'encrypt', '--key', ARN, file, '-o', path.join(folder, 'out')];
        const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream.on('data', (piece) => (output += piece));
        }
        const [status] = await once(child, 'close');
        assert.notEqual(status, 0, output);
        assertNoSecret(output, secrets);
      }
    }
  });

  async function assertNothingLeaks(endpoint) {
    const kms = new AwsKmsKeyring({
      keyId: ARN,
      endpoint,
      maxAttempts: 1,
      timeoutMs: 300,
      breaker: false,
    });
    const local = new LocalKeyring(keyFile);
    const both = new Envelope({ keyring: new MultiKeyring({ generator: local, children: [kms] }) });
    const envelope = new Envelope({ keyring: kms });
    const blob = crypto.randomBytes(100);
    const failing = {
      encrypt: () => envelope.encrypt(PLAINTEXT),
      'encrypt under several keys': () => both.encrypt(PLAINTEXT),
      'a batch': async () => {
        const [{ error }] = await both.encryptBatch([PLAINTEXT]);
        throw error;
      },
      encryptDirect: () => envelope.encryptDirect(PLAINTEXT),
      'encryptDirect of little': () => envelope.encryptDirect(PLAINTEXT.subarray(0, 10)),
      decryptDirect: () => envelope.decryptDirect(blob),
      generateDataKey: () => envelope.generateDataKey(),
      generateDataKeyPair: () => envelope.generateDataKeyPair({ keyPairSpec: 'ECC_NIST_P256' }),
      decryptDataKey: () => envelope.decryptDataKey(blob),
      check: () => envelope.check?.() ?? envelope.generateDataKeyWithoutPlaintext(),
      'a stream': async () => {
        const stream = both.encryptStream();
        stream.end(PLAINTEXT);
        for await (const piece of stream) assert.fail(String(piece));
      },
    };
    events.length = 0;
    for (const [name, call] of Object.entries(failing)) {
      const error = await call().then(
        () => assert.fail(`${name} succeeded`),
        (reason) => reason,
      );
      assert.match(error.code, /^ERR_ENVELOPE_/, `${name}: ${error.stack}`);
      assertNoSecret(everything(error), secrets, name);
    }
    assertNoSecret(events.map(everything).join('\n'), secrets, 'the diagnostics channel');
  }
});

/** All that can be printed of an error. */
function everything(error) {
  const names = (value) => (value instanceof Error ? Object.getOwnPropertyNames(value) : undefined);
  const replace = (_, value) =>
    names(value) ? Object.fromEntries(names(value).map((name) => [name, value[name]])) : value;
  const inspected = util.inspect(error, {
    depth: Infinity,
    showHidden: true,
    maxStringLength: Infinity,
  });
  return `${inspected}\n${JSON.stringify(error, replace)}\n${error}`;
}

/** Neither a secret nor 12 bytes of it, as they are, in Base64 or in hex. */
function assertNoSecret(text, secrets, where = '') {
  const bytes = Buffer.from(text);
  for (const [name, secret] of secrets) {
    const length = Math.min(12, secret.length);
    for (let i = 0; i + length <= secret.length; i++) {
      const part = secret.subarray(i, i + length);
      for (const form of [
        part,
        part.toString('base64').replace(/=+$/, ''),
        part.toString('base64url'),
        part.toString('hex'),
        part.toString('hex').toUpperCase(),
        [...part].join(),
      ]) {
        assert.ok(!bytes.includes(form), `${where}: ${name} is in ${text.slice(0, 3000)}`);
      }
    }
  }
}
