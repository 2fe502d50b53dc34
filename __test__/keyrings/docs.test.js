'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { startReplicaKms } = require('../support/replica-kms');

const [several, discovery, multiRegion, rsa, ecdh, multi, ...others] = codeBlocks(
  'docs/keyrings.md',
  'js',
);

describe('the examples of keyrings run as they stand', () => {
  const folder = linkedProject();
  let kms;

  /** What a program prints whose only KMS is the fake one. */
  async function run(name, code) {
    fs.writeFileSync(path.join(folder, name), code);
    const { stdout } = await promisify(execFile)(process.execPath, [name], {
      cwd: folder,
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_KMS: kms.endpoint,
      },
      timeout: 60_000,
    });
    const operations = kms.calls.splice(0).map((call) => call.replace(/ .* in /, ' in '));
    return { stdout, operations };
  }

  before(async () => {
    kms = await startReplicaKms();
  });
  after(() => kms.stop());

  it('several KMS keys', async () => {
    const { stdout, operations } = await run('several.mjs', several);
    assert.match(stdout, /^arn:.*:eu-west-1:.*\narn:.*:us-west-2:.*\nhello\n$/);
    const expected = [
      'GenerateDataKey in eu-west-1',
      'Encrypt in us-west-2',
      'Decrypt in us-west-2',
    ];
    assert.deepEqual(operations, expected);
  });

  it('discovery', async () => {
    const { stdout, operations } = await run('discovery.mjs', discovery);
    assert.equal(stdout, 'hello\n');
    assert.deepEqual(operations, ['GenerateDataKey in eu-west-1', 'Decrypt in eu-west-1']);
  });

  it('multi-Region keys', async () => {
    const { stdout, operations } = await run('multi-region.mjs', multiRegion);
    assert.equal(stdout, 'hello\n');
    assert.deepEqual(operations, ['GenerateDataKey in eu-west-1', 'Decrypt in us-west-2']);
  });

  it('several keyrings', async () => {
    const { stdout, operations } = await run('multi.mjs', multi);
    assert.equal(stdout, 'hello\n');
    assert.deepEqual(operations, ['GenerateDataKey in eu-west-1']);
  });

  it('and there are no others, but two that kms-rsa.test.js and kms-ecdh.test.js run', () => {
    assert.match(rsa, /AwsKmsRsaKeyring/);
    assert.match(ecdh, /AwsKmsEcdhKeyring/);
    assert.equal(others.length, 0);
  });
});
