'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { createCipheriv, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { AwsKmsKeyring, Envelope } = require('../..');
const { EncryptedS3, encryptS3Object } = require('../../integrations/s3');
const { pathWithCommand } = require('../support/cli');
const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { skipWithout } = require('../support/requirements');
const { startBucket } = require('../support/s3-bucket');
const { casesOf, json, objectOf, sha256 } = require('../support/s3-objects');

const ROOT = path.join(__dirname, '..', '..');
const VECTORS = path.join(ROOT, 'tests', 'vectors', 's3');
const MODULES = path.join(ROOT, 'examples', 'node_modules');
const Bucket = 'documents';
const EXPECTED = {
  'a function that compares the pairs': 'migrated V2 V3\n',
  'other names': 'V3\n',
  'a format by hand': 'by hand\n',
};

const skip = process.platform === 'win32' || skipWithout('python', 'examples');

describe('docs/s3-migration.md', { skip }, () => {
  const folder = linkedProject({ '@aws-sdk': path.join(MODULES, '@aws-sdk') });
  const encryptionContext = { tenant: 'acme' };
  let bucket, keyring, env, old, output;

  before(async () => {
    bucket = await startBucket({ shared: false });
    const { moto, send, client } = bucket;
    const { keyId, arn } = await moto.createKey();
    await moto.createAlias('alias/app', keyId);
    keyring = new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint });
    await send('CreateBucket', { Bucket });
    await writeOld(client, send);
    await send('PutObject', { Bucket, Key: 'inbox/mail', ...(await mailOf(arn)) });
    env = {
      ...process.env,
      ...{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: moto.endpoint, NODE_PATH: MODULES },
      PATH: pathWithCommand(folder),
    };
    const commands = codeBlocks('docs/s3-migration.md', 'sh').join('');
    const options = { cwd: folder, env, timeout: 120_000 };
    output = await promisify(execFile)('sh', ['-euc', commands], options);
  });
  after(() => bucket?.stop());

  /** What older programs left: V2, V1 of another client, and formats of their own. */
  async function writeOld(client, send) {
    const commitmentPolicy = 'forbidEncryptAllowDecrypt';
    const writer = new EncryptedS3({ client, keyring, commitmentPolicy });
    for (const [Key, storage] of [
      ['v2/invoice.txt', 'metadata'],
      ['v2/other.txt', 'instructionFile'],
      ['tenants/acme/invoice.txt', 'metadata'],
    ]) {
      await writer.put({ Bucket, Key, Body: '12.50' }, { encryptionContext, storage });
    }
    const isOld = ({ result, format, keyring: { type }, instruction }) =>
      result === 'ok' && format === 'V1' && type === 'raw-aes' && instruction;
    old = casesOf(VECTORS, ['ruby']).find(isOld);
    const { body, instructionFile } = objectOf(VECTORS, old);
    await send('PutObject', { Bucket, Key: 'v1/old.bin', Body: body });
    await send('PutObject', { Bucket, Key: 'v1/old.bin.instruction', Body: instructionFile });
    const { hex } = json(VECTORS, 'keys').keys[old.keyring.key];
    fs.writeFileSync(path.join(folder, 'old.key'), hex);
    const renamed = await encryptS3Object('text', { keyring, encryptionContext, commitmentPolicy });
    const { 'x-amz-key-v2': datakey, 'x-amz-iv': nonce, 'x-amz-matdesc': pairs } = renamed.metadata;
    const Metadata = { datakey, nonce, pairs };
    await send('PutObject', { Bucket, Key: 'own/renamed.txt', Body: renamed.body, Metadata });
    const dataKey = await new Envelope({ keyring }).generateDataKey();
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', dataKey.plaintext, iv);
    const parts = [iv, cipher.update('by hand'), cipher.final(), cipher.getAuthTag()];
    const byHand = { datakey: dataKey.ciphertextBlob.toString('base64') };
    await send('PutObject', {
      ...{ Bucket, Key: 'own/by-hand.txt', Body: Buffer.concat(parts), Metadata: byHand },
    });
  }

  /** A mail as Amazon SES stores it. */
  async function mailOf(arn) {
    const pairs = { kms_cmk_id: arn };
    const input = { KeyId: arn, KeySpec: 'AES_256', EncryptionContext: pairs };
    const { Plaintext, CiphertextBlob } = await bucket.moto.kms('GenerateDataKey', input);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(Plaintext, 'base64'), iv);
    const Body = Buffer.concat([cipher.update('mail'), cipher.final(), cipher.getAuthTag()]);
    const Metadata = {
      ...{ 'x-amz-key-v2': CiphertextBlob, 'x-amz-iv': iv.toString('base64') },
      ...{ 'x-amz-matdesc': JSON.stringify(pairs), 'x-amz-cek-alg': 'AES/GCM/NoPadding' },
      ...{ 'x-amz-wrap-alg': 'kms', 'x-amz-tag-len': '128' },
    };
    return { Body, Metadata };
  }

  it('has commands that migrate each version', async () => {
    const s3 = new EncryptedS3({
      ...{ client: bucket.client, keyring, envelope: new Envelope({ keyring }) },
    });
    const get = async (Key, context) =>
      (await s3.get({ Bucket, Key }, { encryptionContext: context })).body;
    const format = async (Key) => (await s3.head({ Bucket, Key })).encryption.format;
    assert.equal(String(await get('v2/invoice.txt', encryptionContext)), '12.50');
    assert.deepEqual(
      [await format('v2/other.txt'), await format('v1/old.bin'), await format('inbox/mail')],
      ['message', 'V3', 'V3'],
    );
    assert.equal(sha256(await get('v1/old.bin')), old.plaintext_sha256);
    assert.equal(String(await get('inbox/mail')), 'mail');
    const { Contents } = await bucket.send('ListObjectsV2', { Bucket });
    assert.ok(Contents.every(({ Key }) => !Key.endsWith('.instruction')));
    assert.match(output.stdout, /to read it {2}--commitment-policy requireEncryptAllowDecrypt\n/);
    assert.match(output.stdout, /--legacy-wrapping --legacy-content\n/);
  });

  const programs = codeBlocks('docs/s3-migration.md', 'ts');
  it('has programs that are all tried', () =>
    assert.equal(programs.length, Object.keys(EXPECTED).length));
  for (const [i, [name, expected]] of Object.entries(EXPECTED).entries()) {
    it(`has a program for ${name} that runs as it stands`, async () => {
      fs.writeFileSync(path.join(folder, `${i}.mjs`), programs[i]);
      const options = { cwd: folder, env, timeout: 60_000 };
      const { stdout } = await promisify(execFile)(process.execPath, [`${i}.mjs`], options);
      assert.equal(stdout, expected);
    });
  }
});
