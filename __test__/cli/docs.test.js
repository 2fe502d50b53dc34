'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { COMMANDS } = require('../../bin/commands');
const { OPTIONS } = require('../../bin/support/options.js');
const { jsonLines, pathWithCommand, run } = require('../support/cli');
const { temporaryFolder } = require('../support/files');
const { REGION, environmentOf, namesOf } = require('../support/key-stores');
const { codeBlocks } = require('../support/readme');
const { skipWithout } = require('../support/requirements');
const { Bucket, startBucket } = require('../support/s3-bucket');

const DOCS = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'command-line.md'), 'utf8');

const blocks = (language) => codeBlocks('docs/command-line.md', language);

const MODULES = path.join(__dirname, '..', '..', 'examples', 'node_modules');

const skip = process.platform === 'win32' || skipWithout('python', 'examples');

describe('docs/command-line.md', { skip }, () => {
  const folder = temporaryFolder();
  const work = path.join(folder, 'work');
  let bucket;
  let aws;
  let output;

  before(async () => {
    fs.mkdirSync(work);
    fs.symlinkSync(MODULES, path.join(work, 'node_modules'));
    bucket = await startBucket();
    const { moto } = bucket;
    const { arn } = await moto.createKey({ region: REGION });
    aws = {
      ...environmentOf(moto.endpoint),
      KMS_KEY_ARN: arn,
      BUCKET: Bucket,
      AWS_ENDPOINT_URL_S3: moto.endpoint,
    };
    const { ENCRYPTION_KEY_ID, ...inherited } = process.env;
    const env = { ...inherited, ...aws, PATH: pathWithCommand(folder) };
    const options = { cwd: work, env, timeout: 120_000 };
    output = await promisify(execFile)('sh', ['-euc', blocks('sh').join('')], options);
  });
  after(() => bucket?.stop());

  it('has examples that run as they stand', () => {
    const file = (name) => fs.readFileSync(path.join(work, name), 'utf8');
    for (const name of ['report.txt', 'again.txt', 'out.txt', 'blue.txt', 'from-s3.txt']) {
      assert.equal(file(name), 'the report of May\n');
    }
    assert.equal(file('photos-again/may/two.jpg'), 'two\n');
    assert.match(output.stdout, /^report\.txt$/m, 'the archive is listed');
    assert.match(output.stdout, /^exit code 3$/m);
    assert.match(output.stdout, /"status":"skipped"/);
    assert.match(output.stdout, /^destroyed 2 versions of tenant-blue;/m);
    const errors = output.stderr.match(/ERR_ENVELOPE_\w+/g);
    assert.deepEqual(errors, ['ERR_ENVELOPE_CONTEXT_MISMATCH'], output.stderr);
  });

  it('uses every command, and names every option', () => {
    const examples = blocks('sh').join('');
    for (const name of Object.keys(COMMANDS)) assert.ok(examples.includes(`kms-envelope ${name}`));
    for (const name of Object.keys(OPTIONS)) assert.ok(DOCS.includes(`| \`--${name}`), name);
  });

  it('shows the JSON that the commands print', async () => {
    const shown = jsonLines(blocks('json').join(''));
    const options = { cwd: work, env: { ENCRYPTION_KEY_ID: 'local:dev.key' } };
    const inAws = { cwd: work, env: { ...aws, ...namesOf(aws.KMS_KEY_ARN) } };
    const missing = await run(['decrypt', '--json', 'missing.txt', '-o', 'x'], options);
    const real = [...jsonLines(missing.stderr)];
    fs.writeFileSync(path.join(work, 'a.txt'), 'hello\n');
    fs.mkdirSync(path.join(work, 'linked'));
    fs.symlinkSync('nowhere', path.join(work, 'linked', 'link'));
    for (const args of [
      ['encrypt', 'a.txt', '-c', 'tenant=acme'],
      ['decrypt', 'a.txt.encrypted', '-f'],
      ['re-encrypt', 'a.txt.encrypted', '-o', 'b.encrypted', '--to-key', 'local:new.key'],
      ['encrypt', 'a.txt', '-c', 'tenant=acme', '-f'],
      ['encrypt', 'a.txt', '-c', 'tenant=acme'],
      ['encrypt', '-r', 'linked'],
      ['inspect', 'a.txt.encrypted'],
      ['generate-data-key'],
      ['keygen', './third.key'],
      ['doctor'],
      ...['create', 'rotate', 'show', 'destroy'].map(ofFields),
    ]) {
      const { stdout, stderr } = await run([...args, '--json'], options);
      assert.equal(stderr, '');
      real.push(...jsonLines(stdout));
    }
    for (const args of [
      ['create', 'tenant-red', '-c', 'tenant=red'],
      ...[['rotate', 'tenant-red'], ['list'], ['show', 'tenant-red']],
      ['destroy', 'tenant-red', '--yes'],
    ]) {
      const { stdout, stderr } = await run(['branch-key', ...args, '--json'], inAws);
      assert.equal(stderr, '');
      real.push(...jsonLines(stdout));
    }
    const inS3 = { cwd: work, env: { ...aws, ENCRYPTION_KEY_ID: 'local:dev.key' } };
    const old = ['--commitment-policy', 'requireEncryptAllowDecrypt'];
    const url = `s3://${Bucket}/json/`;
    for (const args of [
      ['put', 'a.txt', url, '--format', 'V2'],
      ['get', `${url}a.txt`, '-o', 'again-from-s3.txt', ...old],
      ['inspect', `${url}a.txt`],
      ['migrate', '-r', url, ...old],
    ]) {
      const { stdout, stderr } = await run(['s3', ...args, '--json'], inS3);
      assert.equal(stderr, '');
      real.push(...jsonLines(stdout));
    }
    const shapes = new Set(real.map((value) => JSON.stringify(shape(value))));
    for (const value of shown) {
      assert.ok(shapes.has(JSON.stringify(shape(value))), JSON.stringify(value));
    }
  });
});

/** A command of `fields`, for one tenant. */
function ofFields(name) {
  const confirmed = name === 'destroy' ? ['--yes'] : [];
  return ['fields', name, '--store', 'keys', '--tenant', 'other', ...confirmed];
}

/** The names and types in a value, and what its `status` says. */
function shape(value, name = '') {
  if (Array.isArray(value)) return value.slice(0, 1).map((item) => shape(item));
  if (typeof value !== 'object') return name === 'status' ? value : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item, key)]));
}
