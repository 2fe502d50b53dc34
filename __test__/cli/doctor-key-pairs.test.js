'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { startAgreeingKms } = require('../support/agreeing-kms');
const { jsonLines, run } = require('../support/cli');
const { temporaryFolder } = require('../support/files');
const { startLocalStack } = require('../support/localstack');
const { skipWithout } = require('../support/requirements');

const folder = temporaryFolder();

/** The status of each check of a key pair, and the code of the first that failed. */
async function doctor(key, publicKey, endpoint) {
  fs.writeFileSync(path.join(folder, 'public.pem'), publicKey);
  const env = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_KMS: endpoint,
  };
  const args = ['doctor', '--json', '--key', key, '--public-key', 'public.pem'];
  const { code, stdout } = await run(args, { cwd: folder, env });
  const [{ ok, checks }] = jsonLines(stdout);
  assert.equal(ok, code === 0);
  const told = checks.filter(({ name }) => /^(public key|encrypt|decrypt)$/.test(name));
  return { told: told.map(({ status }) => status), code: told.find((check) => check.code)?.code };
}

const pem = (key) => key.export({ type: 'spki', format: 'pem' });
const WELL = { told: ['ok', 'ok', 'ok'], code: undefined };

describe('kms-envelope doctor --public-key', () => {
  let kms;
  before(async () => {
    kms = await startAgreeingKms();
  });
  after(() => kms.stop());

  it('finds a key for key agreement in order', async () => {
    const { arn, publicKey } = kms.key('ECC_NIST_P384');
    assert.deepEqual(await doctor(arn, pem(publicKey), kms.endpoint), WELL);
  });

  it('reports a file that has the public key of another key', async () => {
    const { arn } = kms.key('ECC_NIST_P256');
    const other = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { told, code } = await doctor(arn, pem(other.publicKey), kms.endpoint);
    assert.deepEqual(told, ['failed', 'skipped', 'skipped']);
    assert.equal(code, 'ERR_ENVELOPE_CONFIGURATION');
  });

  it('reports a file that has no public key', async () => {
    const { told } = await doctor(kms.key('ECC_NIST_P256').arn, 'no key', kms.endpoint);
    assert.deepEqual(told, ['failed', 'skipped', 'skipped']);
  });

  it('finds an RSA key in order', { skip: skipWithout('localstack') }, async () => {
    const localStack = await startLocalStack();
    try {
      const region = { region: 'eu-west-1' };
      const spec = { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' };
      const { KeyMetadata } = await localStack.kms('CreateKey', spec, region);
      const { Arn } = KeyMetadata;
      const { PublicKey } = await localStack.kms('GetPublicKey', { KeyId: Arn }, region);
      const der = Buffer.from(PublicKey, 'base64');
      const publicKey = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
      assert.deepEqual(await doctor(Arn, pem(publicKey), localStack.endpoint), WELL);
    } finally {
      await localStack.stop();
    }
  });
});
