'use strict';

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { jsonLines, run } = require('../support/cli');
const { serve, tryKms } = require('../support/credentials');
const { FAILURES, NOBODY, commandOf } = require('../support/failing-credentials');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const folder = temporaryFolder();

describe('credentials that fail', { skip: process.platform === 'win32' && 'needs sh' }, () => {
  let kms;
  before(async () => (kms = await startFakeKms(() => ({ status: 500, body: {} }))));
  after(() => kms?.stop());

  for (const [source, rows] of Object.entries(FAILURES)) {
    describe(source, () => {
      for (const row of rows) {
        it(`${row.what}: the error names the source and the reason, and so does doctor`, async () => {
          const { text, passes = false } = row;
          const server = row.answer && (await serve(bodyOf(row.answer[1]), row.answer[0]));
          const env = environment(row, server?.address ?? NOBODY);
          try {
            const told = await tryKms({ ...env, ENCRYPTION_KEY_ID: ARN }, { maxAttempts: 1 });
            assert.equal(told.code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS', told.message);
            assert.match(told.message, text);
            assert.equal(told.retryable, passes);
            assert.equal(told.calls, 1);
            assert.doesNotMatch(JSON.stringify(told), /SECRET/);
            const doctor = await run(['doctor', '--json', '--key', ARN], { cwd: folder, env });
            const [{ checks }] = jsonLines(doctor.stdout);
            assert.match(checks.find(({ name }) => name === 'encrypt').detail, text);
          } finally {
            server?.stop();
          }
        });
      }
    });
  }

  it('credentials that make the SDK panic: one error, counted, and nothing printed', async () => {
    const answer = { Version: 1, AccessKeyId: 'AKID\u0001', SecretAccessKey: 'secret' };
    const printed = path.join(folder, 'printed.json');
    fs.writeFileSync(printed, JSON.stringify(answer));
    const env = environment({ config: commandOf(`cat ${printed}`) }, NOBODY);
    const told = await tryKms({ ...env, ENCRYPTION_KEY_ID: ARN });
    assert.equal(told.stderr, '');
    assert.equal(told.code, 'ERR_ENVELOPE_INTERNAL');
    assert.match(told.message, /^GenerateDataKey failed unexpectedly: code panicked at .*\.rs:\d+/);
    assert.equal(told.calls, 1);
  });

  it('a container endpoint that hangs ends with credentialsTimeoutMs, and may be tried again', async () => {
    const silent = net.createServer();
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${silent.address().port}/role`;
    const env = environment({ env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: address } }, NOBODY);
    const told = await tryKms({ ...env, ENCRYPTION_KEY_ID: ARN }, { credentialsTimeoutMs: 200 });
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

/** What aws sso login leaves behind. */
function signIn(home, { as, expired }) {
  const cache = path.join(home, '.aws', 'sso', 'cache');
  fs.mkdirSync(cache, { recursive: true });
  const expiresAt = new Date(Date.now() + (expired ? -1 : 1) * 3_600_000).toISOString();
  const token = { accessToken: 'SECRET', expiresAt: expiresAt.replace(/\.\d+/, '') };
  const name = createHash('sha1').update(as).digest('hex');
  fs.writeFileSync(path.join(cache, `${name}.json`), JSON.stringify(token));
}
