'use strict';

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { jsonLines, run } = require('../support/cli');
const { serve, tryKms } = require('../support/credentials');
const { startDoctors } = require('../support/doctors');
const { FAILURES, NOBODY, commandOf, metadata } = require('../support/failing-credentials');
const { FAILING_STARTS } = require('../support/failing-role-starts');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const folder = temporaryFolder();

const options = { skip: process.platform === 'win32' && 'needs sh', concurrency: 2 };

describe('credentials that fail', options, () => {
  let doctors;
  let kms;
  before(async () => {
    doctors = startDoctors();
    kms = await startFakeKms(() => ({ status: 500, body: {} }));
  });
  after(() => {
    doctors?.stop();
    return kms?.stop();
  });

  // Most of a row is waiting, so some wait together; but few, and `doctor` last: it gives credentials 15 s, also on a
  // busy machine.
  for (const [source, rows] of Object.entries({
    ...FAILURES,
    'what a role starts from': FAILING_STARTS,
  })) {
    describe(source, { concurrency: 4 }, () => {
      for (const row of rows) {
        it(`${row.what}: the error names the source and the reason, and so does doctor`, async () => {
          const { text, passes = false } = row;
          const server = row.answer && (await serve(bodyOf(row.answer[1]), row.answer[0]));
          const env = environment(row, server?.address ?? NOBODY);
          try {
            const told = await tell(env, { credentialsTimeoutMs: 60_000 });
            const { checks } = await doctors.examine(ARN, env);
            assert.equal(told.code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS', told.message);
            assert.match(told.message, text);
            assert.equal(told.retryable, passes);
            assert.equal(told.calls, 1);
            assert.doesNotMatch(JSON.stringify(told), /SECRET(?!_ACCESS_KEY)/);
            assert.match(checks.find(({ name }) => name === 'encrypt').detail, text);
          } finally {
            server?.stop();
          }
        });
      }
    });
  }

  it('a metadata service that fails until the time is over: the error says so, and is retryable', async () => {
    const server = await serve(() => '', 500);
    const env = environment({ env: metadata(server.address) }, NOBODY);
    const told = await tell(env, { credentialsTimeoutMs: 300 });
    server.stop();
    assert.equal(told.code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS');
    assert.match(told.message, /was asked, too, and failed or was too slow; try again later/);
    assert.equal(told.retryable, true);
  });

  it('credentials that make the SDK panic: one error, counted, and nothing printed, nor by doctor', async () => {
    const answer = { Version: 1, AccessKeyId: 'AKID\u0001', SecretAccessKey: 'secret' };
    const printed = path.join(folder, 'printed.json');
    fs.writeFileSync(printed, JSON.stringify(answer));
    const env = environment({ config: commandOf(`cat ${printed}`) }, NOBODY);
    const told = await tryKms({ ...env, ENCRYPTION_KEY_ID: ARN });
    assert.equal(told.stderr, '');
    assert.equal(told.code, 'ERR_ENVELOPE_INTERNAL');
    assert.match(told.message, /^GenerateDataKey failed unexpectedly: code panicked at .*\.rs:\d+/);
    assert.equal(told.calls, 1);
    const { code, stdout, stderr } = await run(['doctor', '--json', '--key', ARN], { env });
    const check = jsonLines(stdout)[0].checks.find(({ name }) => name === 'encrypt');
    assert.deepEqual([code, stderr, check.code], [1, '', told.code]);
    assert.ok(check.detail.startsWith(told.message.split(' at ')[0]), check.detail);
  });

  it('credentials that fail ten times never open the circuit, though their failure is retryable', async () => {
    const env = environment(
      { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${NOBODY}/role` } },
      NOBODY,
    );
    const envelope = envelopeIn(env);
    const tenTimes = Array.from({ length: 10 }, () =>
      rejection(envelope.encrypt('x'), 'KMS_NO_CREDENTIALS'),
    );
    for (const { retryable } of await Promise.all(tenTimes)) assert.equal(retryable, true);
    const { calls, breakers } = envelope.stats().keyService;
    assert.deepEqual([calls, breakers.filter(({ state }) => state !== 'closed')], [10, []]);
  });

  it('a container endpoint that hangs: a retryable error after credentialsTimeoutMs', async () => {
    const silent = net.createServer();
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${silent.address().port}/role`;
    const env = environment({ env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: address } }, NOBODY);
    const told = await tell(env, { credentialsTimeoutMs: 200 });
    silent.close();
    assert.match(told.message, /did not answer in time; try again, or raise/);
    assert.equal(told.retryable, true);
  });

  /** The environment of a row, in a home folder of its own. */
  function environment({ config, env, signedIn }, address) {
    const home = fs.mkdtempSync(path.join(folder, 'home-'));
    const file = path.join(home, 'config');
    fs.writeFileSync(file, config ?? '');
    if (signedIn) signIn(home, signedIn);
    return {
      HOME: home,
      AWS_CONFIG_FILE: file,
      ...(config ? { AWS_PROFILE: 'app' } : {}),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
      AWS_ENDPOINT_URL_STS: address,
      AWS_ENDPOINT_URL_SSO: address,
      ...(typeof env === 'function' ? env(address) : env),
    };
  }
});

const bodyOf = (body) => (typeof body === 'function' ? body : () => body);

/** How a call with this environment fails; the variables are read when the keyring is made. */
async function tell(env, options) {
  const envelope = envelopeIn(env, options);
  const error = await rejection(envelope.encrypt('x'), 'KMS_NO_CREDENTIALS');
  const { code, message, retryable, cause } = error;
  return {
    code,
    message,
    retryable,
    cause: cause?.message,
    calls: envelope.stats().keyService.calls,
  };
}

/** Its keyring is made with this environment. */
function envelopeIn(env, options = {}) {
  const original = process.env;
  process.env = { PATH: original.PATH, ...env };
  try {
    return new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, maxAttempts: 1, ...options }) });
  } finally {
    process.env = original;
  }
}

/** What aws sso login leaves behind. */
function signIn(home, { as, expired }) {
  const cache = path.join(home, '.aws', 'sso', 'cache');
  fs.mkdirSync(cache, { recursive: true });
  const expiresAt = new Date(Date.now() + (expired ? -1 : 1) * 3_600_000).toISOString();
  const token = { accessToken: 'SECRET', expiresAt: expiresAt.replace(/\.\d+/, '') };
  const name = createHash('sha1').update(as).digest('hex');
  fs.writeFileSync(path.join(cache, `${name}.json`), JSON.stringify(token));
}
