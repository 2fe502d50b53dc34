'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, describe, it } = require('node:test');

const { Envelope, AwsKmsKeyring, inspect } = require('../..');
const { assertFailed, jsonLines, run } = require('../support/cli');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const root = temporaryFolder();
const plaintext = crypto.randomBytes(200_000);

describe('kms-envelope under KMS keys', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let arn;
  let otherArn;
  let cwd;
  let env;

  before(async () => {
    [{ arn }, { arn: otherArn }] = await Promise.all([moto.createKey(), moto.createKey()]);
  });
  beforeEach(async () => {
    cwd = fs.mkdtempSync(path.join(root, 'case-'));
    env = {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_KMS: moto.endpoint,
      ENCRYPTION_KEY_ID: arn,
    };
    await calls();
  });

  it('encrypts and decrypts a file with one call each, and the library reads it', async () => {
    write('a', plaintext);
    await ok('encrypt', 'a', '--context', 'tenant=acme');
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    const envelope = new Envelope({
      keyring: new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint }),
    });
    const opened = await envelope.decryptMessage(read('a.encrypted'));
    assert.ok(opened.plaintext.equals(plaintext));
    assert.deepEqual(opened.header.encryptionContext, { tenant: 'acme' });
    await calls();
    await ok('decrypt', 'a.encrypted', '--output', 'b', '--context', 'tenant=acme');
    assert.deepEqual(await calls(), ['Decrypt']);
    assert.ok(read('b').equals(plaintext));
    assertFailed(
      await cli('decrypt', 'a.encrypted', '-o', 'c', '-c', 'tenant=b'),
      3,
      'CONTEXT_MISMATCH',
    );
    assert.deepEqual(await calls(), [], 'a wrong context is refused before any call');
  });

  it('makes one call for each file of a folder, and one to check it the second time', async () => {
    for (const name of ['x', 'y', 'z']) write(`tree/${name}`, plaintext);
    await ok('encrypt', '--recursive', 'tree', '--output', 'out');
    assert.deepEqual(await calls(), Array(3).fill('GenerateDataKey'));
    const { stderr } = await ok('encrypt', '--recursive', 'tree', '--output', 'out');
    assert.match(stderr, /3 skipped/);
    assert.deepEqual(await calls(), Array(3).fill('Decrypt'));
    await ok('decrypt', '--recursive', 'out', '--output', 'back');
    for (const name of ['x', 'y', 'z']) assert.ok(read(`back/${name}`).equals(plaintext));
    assert.deepEqual(await calls(), Array(3).fill('Decrypt'));
    await ok('decrypt', '--recursive', 'out', '--output', 'back');
    assert.deepEqual(await calls(), Array(3).fill('Decrypt'));
    await ok('encrypt', '--force', 'tree/x', '--output', 'out');
    assert.deepEqual(await calls(), ['GenerateDataKey'], 'what is to be replaced is not read');
  });

  it('makes one call for all files of a folder with --cache, and one to read them', async () => {
    for (const name of ['x', 'y', 'z']) write(`tree/${name}`, plaintext);
    await ok('encrypt', '--cache', '--recursive', 'tree', '--output', 'out');
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    const ids = ['x', 'y', 'z'].map((name) =>
      String(inspect(read(`out/${name}.encrypted`)).messageId),
    );
    assert.equal(new Set(ids).size, 3, 'each message derives a key of its own');
    await ok('decrypt', '--cache', '--recursive', 'out', '--output', 'back');
    assert.deepEqual(await calls(), ['Decrypt']);
    for (const name of ['x', 'y', 'z']) assert.ok(read(`back/${name}`).equals(plaintext));
    await ok('re-encrypt', '--cache', '--to-key', otherArn, '--force', '--recursive', 'out');
    assert.deepEqual(await calls(), ['Decrypt', 'GenerateDataKey']);
    const { stdout } = await ok('re-encrypt', '--help');
    assert.match(String(stdout), /With --cache, messages with the same context share one\./);
  });

  it('makes one call for each pipe', async () => {
    const sealed = await run(['encrypt'], { cwd, env, input: plaintext });
    const opened = await run(['decrypt'], { cwd, env, input: sealed.stdout });
    assert.ok(opened.stdout.equals(plaintext));
    assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
  });

  it('re-encrypts in place with two calls, and one to check it the second time', async () => {
    write('a', plaintext);
    await ok('encrypt', 'a');
    await calls();
    const before = inspect(read('a.encrypted'));
    await ok('re-encrypt', '--to-key', otherArn, '--force', 'a.encrypted');
    assert.deepEqual(await calls(), ['Decrypt', 'GenerateDataKey']);
    const { stderr } = await ok('re-encrypt', '--to-key', otherArn, '--force', 'a.encrypted');
    assert.match(stderr, /^skipped /);
    assert.deepEqual(await calls(), ['Decrypt']);
    const [{ keyName }] = inspect(read('a.encrypted')).encryptedDataKeys;
    assert.equal(keyName, otherArn);
    assert.notDeepEqual(inspect(read('a.encrypted')).messageId, before.messageId);
    await ok('decrypt', '--key', otherArn, 'a.encrypted', '--output', 'b');
    assert.ok(read('b').equals(plaintext));
  });

  it('tells the ARN in generate-data-key and inspect', async () => {
    const { stdout } = await ok('generate-data-key', '--json');
    const [key] = jsonLines(stdout);
    assert.equal(key.keyId, arn);
    assert.equal(Buffer.from(key.plaintext, 'base64').length, 32);
    write('a', plaintext);
    await ok('encrypt', 'a');
    assert.ok(String((await ok('inspect', 'a.encrypted')).stdout).includes(arn));
  });

  it('tells by doctor whether a key works, a key is missing, or credentials are', async () => {
    const well = await ok('doctor', '--json');
    assert.equal(jsonLines(well.stdout)[0].ok, true);
    assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);

    env.ENCRYPTION_KEY_ID = arn.replace(/key\/.*/, 'key/00000000-0000-0000-0000-000000000000');
    const missing = await cli('doctor', '--json');
    assert.equal(missing.code, 4);
    assert.equal(failed(missing).code, 'ERR_ENVELOPE_KMS_KEY_NOT_FOUND');
    assert.ok(failed(missing).advice.length > 20);

    env = { AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL_KMS: moto.endpoint };
    const nobody = await cli('doctor', '--json', '--key', arn);
    assert.equal(failed(nobody).code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS');
    const nowhere = await cli('doctor', '--json', '--key', 'alias/app');
    assert.equal(failed(nowhere).code, 'ERR_ENVELOPE_KMS_NO_REGION');
  });

  it('leaves no file if the key is missing', async () => {
    write('a', plaintext);
    const key = arn.replace(/key\/.*/, 'key/00000000-0000-0000-0000-000000000000');
    assertFailed(await cli('encrypt', 'a', '--key', key), 4, 'KMS_KEY_NOT_FOUND');
    assert.deepEqual(fs.readdirSync(cwd), ['a']);
  });

  function cli(...args) {
    return run(args, { cwd, env });
  }

  async function ok(...args) {
    const result = await cli(...args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  /** The calls of KMS since the last time. */
  async function calls() {
    const seen = await moto.operations();
    await moto.clearRequests();
    return seen;
  }

  function failed({ stdout }) {
    return jsonLines(stdout)[0].checks.find(({ status }) => status === 'failed');
  }

  function write(name, data) {
    const file = path.join(cwd, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, data);
  }

  function read(name) {
    return fs.readFileSync(path.join(cwd, name));
  }
});

describe('kms-envelope encrypt -r, where each file would fail alike,', () => {
  let kms;
  before(async () => {
    kms = await startFakeKms(() => refusal('AccessDeniedException'));
  });
  after(() => kms?.stop());

  it('stops soon, and says how many files it did not reach and why', async () => {
    const cwd = fs.mkdtempSync(path.join(root, 'denied-'));
    const env = {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
    };
    fs.mkdirSync(path.join(cwd, 'many'));
    for (let i = 0; i < 50; i++) fs.writeFileSync(path.join(cwd, 'many', `${i}`), 'x');
    const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const args = ['encrypt', '-r', 'many', '--key', key];
    const { code, stderr } = await run(args, { cwd, env });
    assert.equal(code, 4);
    assert.ok(stderr.split('\n').length < 10, stderr);
    assert.match(stderr, /^\d failed, 4\d not reached$/m);
    const [{ error }] = jsonLines((await run([...args, '--json'], { cwd, env })).stderr);
    assert.equal(error.code, 'ERR_ENVELOPE_KMS_ACCESS_DENIED');
    assert.match(error.requestId, /^request-\d+$/);
  });
});
