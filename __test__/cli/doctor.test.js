'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { LocalKeyring } = require('../..');
const { version } = require('../../package.json');
const { assertFailed, jsonLines, run } = require('../support/cli');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const SECRET = 'a-secret-access-key';
const DATA_KEY = Buffer.alloc(32, 1).toString('base64');
const GENERATED = { CiphertextBlob: 'AAAA', KeyId: ARN, Plaintext: DATA_KEY };

const folder = temporaryFolder();

/** The checks of the doctor by name, and whether all is well. */
async function doctor(args, env = {}) {
  const { code, stdout, stderr } = await run(['doctor', '--json', ...args], { cwd: folder, env });
  assert.equal(stderr, '');
  const [{ ok, version: told, checks }] = jsonLines(stdout);
  assert.equal(told, version);
  assert.equal(ok, code === 0);
  for (const { status, advice } of checks) assert.equal(status === 'failed', Boolean(advice));
  return { code, checks: Object.fromEntries(checks.map(({ name, ...check }) => [name, check])) };
}

describe('kms-envelope doctor with a local key', () => {
  const file = path.join(folder, 'dev.key');
  before(() => LocalKeyring.generate(file));

  it('finds a key file in order', async () => {
    const { code, checks } = await doctor(['--key', 'local:dev.key', '-c', 'a=b']);
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(checks), ['binary', 'fips', 'node', 'key', 'encrypt', 'decrypt']);
    assert.equal(checks.fips.detail, 'off: this binary has no FIPS module');
    const { platform, arch } = process;
    assert.match(checks.binary.detail, new RegExp(`${platform}-${arch}: .*\\.node$`));
    assert.equal(checks.key.detail, 'local:dev.key, from --key');
  });

  it('prints in words what it finds, without --json', async () => {
    const env = { ENCRYPTION_KEY_ID: 'local:dev.key' };
    const { code, stdout } = await run(['doctor'], { cwd: folder, env });
    assert.equal(code, 0);
    assert.match(String(stdout), /^ok +key +local:dev\.key, from ENCRYPTION_KEY_ID$/m);
    assert.match(String(stdout), /^ok +decrypt +works$/m);
  });

  it('says how to name a key if none is named', async () => {
    const { code, checks } = await doctor([]);
    assert.equal(code, 4);
    assert.match(checks.key.advice, /--key.*ENCRYPTION_KEY_ID.*keygen/);
  });

  it('says how to make a key file that is missing', async () => {
    const { code, checks } = await doctor(['--key', 'local:none.key']);
    assert.equal(code, 4);
    assert.equal(checks.encrypt.code, 'ERR_ENVELOPE_KEY_FILE');
    assert.match(checks.encrypt.detail, /make it with .*`kms-envelope keygen`/);
  });

  it('says which addon cannot be loaded, as all commands do', async () => {
    const env = { KMS_ENVELOPE_NATIVE_PATH: path.join(folder, 'none.node') };
    fs.writeFileSync(env.KMS_ENVELOPE_NATIVE_PATH, 'no addon');
    const { code, checks } = await doctor(['--key', 'local:dev.key'], env);
    assert.equal(code, 1);
    assert.match(checks.binary.detail, /none\.node' cannot be loaded.*KMS_ENVELOPE_NATIVE_PATH/);
    assertFailed(await run(['inspect', 'x'], { cwd: folder, env }), 1, 'ADDON');
  });
});

describe('kms-envelope doctor with KMS', () => {
  let answers;
  let kms;
  before(async () => {
    kms = await startFakeKms((operation) => answers[operation]);
  });
  after(() => kms?.stop());

  const environment = () => ({
    AWS_ACCESS_KEY_ID: 'AKIDDOCTOR',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
  });

  it('finds a KMS key in order, and prints no secret', async () => {
    answers = {
      GenerateDataKey: { body: GENERATED },
      Decrypt: { body: { KeyId: ARN, Plaintext: DATA_KEY } },
    };
    const { code, checks } = await doctor(['--key', ARN], environment());
    assert.equal(code, 0);
    assert.equal(checks.region.detail, "eu-west-1, from the key's ARN");
    assert.equal(checks.endpoint.detail, `${kms.endpoint}, from AWS_ENDPOINT_URL_KMS`);
    assert.match(checks.credentials.detail, /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/);
    assert.doesNotMatch(JSON.stringify(checks), new RegExp(`${SECRET}|AKIDDOCTOR|${DATA_KEY}`));
  });

  it('reports a caller that may encrypt but not decrypt', async () => {
    answers = { GenerateDataKey: { body: GENERATED }, Decrypt: refusal('AccessDeniedException') };
    const { code, checks } = await doctor(['--key', ARN], environment());
    assert.deepEqual([code, checks.encrypt.status, checks.decrypt.status], [4, 'ok', 'failed']);
    assert.equal(checks.decrypt.code, 'ERR_ENVELOPE_KMS_ACCESS_DENIED');
    assert.match(checks.decrypt.advice, /kms:Decrypt/);
  });

  const refusals = {
    AccessDeniedException: /kms:GenerateDataKey/,
    NotFoundException: /aws kms describe-key --key-id arn:/,
    DisabledException: /aws kms enable-key --key-id arn:/,
    KMSInvalidStateException: /cancel-key-deletion/,
    InvalidKeyUsageException: /symmetric/,
    ExpiredTokenException: /aws sso login/,
  };
  for (const [type, advice] of Object.entries(refusals)) {
    it(`says what to do about ${type}`, async () => {
      answers = { GenerateDataKey: refusal(type) };
      const { code, checks } = await doctor(['--key', ARN], environment());
      assert.deepEqual([code, checks.decrypt.status], [4, 'skipped']);
      assert.match(checks.encrypt.advice, advice);
    });
  }

  it('names the profile, one that is in no file, and the variable that is missing', async () => {
    const config = path.join(folder, 'config');
    fs.writeFileSync(config, '[default]\nregion = eu-west-1\n[profile app]\n');
    const files = {
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
    };
    const app = await doctor(['--key', ARN], { ...files, AWS_PROFILE: 'app' });
    assert.equal(app.checks.credentials.detail, `the profile app (AWS_PROFILE) in ${config}`);
    const other = await doctor(['--key', ARN], { ...files, AWS_PROFILE: 'other' });
    assert.match(other.checks.credentials.detail, /the profile other .* neither in/);
    assert.equal(other.code, 4);
    const half = await doctor(['--key', ARN], { ...files, AWS_ACCESS_KEY_ID: 'x' });
    assert.match(half.checks.credentials.detail, /but not AWS_SECRET_ACCESS_KEY/);
  });
});
