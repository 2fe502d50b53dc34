'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { flipLastByte } = require('../support/edits');
const { startMoto } = require('../support/moto');
const { nodeBinary } = require('../support/nodes');
const { requireOrSkip, skipWithout } = require('../support/requirements');
const { casesOf, json, objectOf } = require('../support/s3-objects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const ROOT = path.join(__dirname, '..', '..');
const EXAMPLE = path.join(ROOT, 'examples', 'ses-mail.ts');
const { ESDK_VECTORS: WHOLE_SET = path.join(ROOT, '..', 'shared', 'vectors') } = process.env;
const VECTORS = path.join(WHOLE_SET, 's3');
const Bucket = 'inbox';

describe('examples/ses-mail.ts (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const node = nodeBinary(24);
  const hasVectors = WHOLE_SET !== 'none' && fs.existsSync(VECTORS);
  const ready = (t) =>
    requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`') &&
    requireOrSkip(t, hasVectors, `${VECTORS}; set ESDK_VECTORS to the vectors' folder`);
  let moto, client, put, object, keyId;

  before(async () => {
    if (!node || !hasVectors) return;
    moto = await startMoto({ keys: path.join(VECTORS, 'keys.json') });
    const sdk = createRequire(EXAMPLE)('@aws-sdk/client-s3');
    const { endpoint } = moto;
    client = new sdk.S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
    const item = casesOf(VECTORS, ['crafted']).find(({ id }) => id === 'craft-ses-key');
    object = objectOf(VECTORS, item);
    keyId = json(VECTORS, 'keys').keys[item.keyring.key].arn;
    await client.send(new sdk.CreateBucketCommand({ Bucket }));
    put = (Key, Body) =>
      client.send(new sdk.PutObjectCommand({ Bucket, Key, Body, Metadata: object.metadata }));
  });
  after(async () => {
    client?.destroy();
    await moto?.stop();
  });

  function run(key) {
    const env = {
      ...process.env,
      ...{ ENCRYPTION_KEY_ID: keyId, AWS_ENDPOINT_URL: moto.endpoint, AWS_REGION: 'us-east-1' },
      // In this repository the package lies outside of its user's node_modules.
      NODE_PATH: path.join(ROOT, 'examples', 'node_modules'),
    };
    return promisify(execFile)(node, [EXAMPLE, Bucket, key], { env, timeout: 60_000 });
  }

  it('shows a mail that SES has encrypted', async (t) => {
    if (!ready(t)) return;
    await put('mail', object.body);
    const { stdout } = await run('mail');
    const [from, to, subject, firstLine] = stdout.split('\n');
    assert.equal(subject, 'subject: Grüße');
    assert.equal(firstLine, '| Hello');
    assert.deepEqual([from, to], ['from: ', 'to: ']);
  });

  it('shows nothing of a mail that was changed', async (t) => {
    if (!ready(t)) return;
    await put('changed', flipLastByte(object.body));
    const error = await run('changed').catch((e) => e);
    assert.match(error.stderr, /ERR_ENVELOPE_AUTHENTICATION_FAILED/);
    assert.equal(error.stdout, '');
  });
});
