'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { AwsKmsKeyring, Envelope, inspect } = require('../..');
const { temporaryFolder } = require('../support/files');
const { startMoto } = require('../support/moto');
const { nodeBinary } = require('../support/nodes');
const { rejection } = require('../support/rejects');
const { requireOrSkip, skipWithout } = require('../support/requirements');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 's3.ts');
const BUCKET = 'videos';
const PART = 5 * 1024 * 1024;
const FRAME = 65_536;
// What a frame has beside its ciphertext: sequence number, IV and tag.
const FRAME_OVERHEAD = 4 + 12 + 16;
const HEADER_READ = 4096;

describe('examples/s3.ts (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'film.mp4');
  const plaintext = crypto.randomBytes(12_000_000);
  const node = nodeBinary(24);
  const ready = (t) => requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`');
  let moto;
  let key;
  let s3;
  let stored;
  let output;
  let requests;

  before(async () => {
    if (!node) return;
    fs.writeFileSync(file, plaintext);
    moto = await startMoto({ shared: false });
    key = await moto.createKey();
    s3 = connect(moto.endpoint);
    await s3.send('CreateBucket', { Bucket: BUCKET });
    await moto.clearRequests();
    ({ stdout: output } = await run(file, key.arn));
    requests = await moto.requests();
    const { Body } = await s3.send('GetObject', { Bucket: BUCKET, Key: 'film.mp4.encrypted' });
    stored = Buffer.from(await Body.transformToByteArray());
  });
  after(async () => {
    s3?.close();
    await moto?.stop();
  });

  function run(source, keyId) {
    const env = { ...process.env, ENCRYPTION_KEY_ID: keyId, AWS_ENDPOINT_URL: moto.endpoint };
    return promisify(execFile)(node, [EXAMPLE, BUCKET, source], { env, timeout: 120_000 });
  }

  /** The requests to S3 with one method, but for those of the test itself. */
  const asked = (method) =>
    requests.filter((request) => request.service === 's3' && request.method === method);

  it('uploads in several parts, then completes them', (t) => {
    if (!ready(t)) return;
    assert.equal(Math.ceil(stored.length / PART), 3);
    assert.equal(asked('PUT').length, 3);
    assert.equal(asked('POST').length, 2);
    assert.deepEqual(asked('DELETE'), []);
  });

  it('stores one message, tied to its place', async (t) => {
    if (!ready(t)) return;
    const keyring = new AwsKmsKeyring({ keyId: key.arn, endpoint: moto.endpoint });
    const decrypt = (object) =>
      new Envelope({ keyring }).decrypt(stored, { encryptionContext: { object } });
    assert.ok(plaintext.equals(await decrypt(`s3://${BUCKET}/film.mp4.encrypted`)));
    await rejection(decrypt(`s3://${BUCKET}/other.mp4.encrypted`), 'CONTEXT_MISMATCH');
  });

  it('downloads the same bytes', (t) => {
    if (!ready(t)) return;
    assert.ok(plaintext.equals(fs.readFileSync(`${file}.decrypted`)));
    assert.ok(!fs.existsSync(`${file}.decrypted.part`));
  });

  it('reads the right bytes in place', (t) => {
    if (!ready(t)) return;
    const shown = [...output.matchAll(/^16 bytes from (\d+): ([0-9a-f]+)$/gm)];
    const starts = [0, plaintext.length / 2, plaintext.length - 16];
    assert.deepEqual(
      shown.map(([, start, hex]) => [Number(start), hex]),
      starts.map((start) => [start, plaintext.toString('hex', start, start + 16)]),
    );
  });

  it('asks S3 for the header, the final frame and the frames in question, no others', (t) => {
    if (!ready(t)) return;
    const { headerLength } = inspect(stored);
    const bytes = (start, end) => `bytes=${start}-${end - 1}`;
    const startOf = (frame) => headerLength + frame * (FRAME + FRAME_OVERHEAD);
    const frameWith = (position) => {
      const frame = Math.floor(position / FRAME);
      return bytes(startOf(frame), startOf(frame + 1));
    };
    const last = startOf(Math.floor(plaintext.length / FRAME));
    const opening = [bytes(0, HEADER_READ), bytes(last, stored.length)];
    assert.deepEqual(
      asked('GET').map(({ range }) => range),
      // The download; one range; then two, the second of which lies in the final frame.
      [null, ...opening, frameWith(0), ...opening, frameWith(plaintext.length / 2)],
    );
    assert.equal(asked('HEAD').length, 1);
  });

  it('calls KMS once for the upload, the download, the range, and the opened message', (t) => {
    if (!ready(t)) return;
    const calls = requests.filter(({ service }) => service === 'kms').map(({ target }) => target);
    const expected = ['GenerateDataKey', 'Decrypt', 'Decrypt', 'Decrypt'];
    assert.deepEqual(
      calls,
      expected.map((operation) => `TrentService.${operation}`),
    );
  });

  it('leaves neither object nor parts where encryption fails', async (t) => {
    if (!ready(t)) return;
    const refused = path.join(folder, 'refused.mp4');
    fs.copyFileSync(file, refused);
    const nobodys = key.arn.replace(key.keyId, crypto.randomUUID());
    await assert.rejects(run(refused, nobodys), /ERR_ENVELOPE_KMS_KEY_NOT_FOUND/);
    const { Contents } = await s3.send('ListObjectsV2', { Bucket: BUCKET });
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      ['film.mp4.encrypted'],
    );
    const { Uploads } = await s3.send('ListMultipartUploads', { Bucket: BUCKET });
    assert.equal(Uploads, undefined);
  });
});

/** The AWS SDK that the example uses, for what it leaves behind. */
function connect(endpoint) {
  const sdk = createRequire(EXAMPLE)('@aws-sdk/client-s3');
  const client = new sdk.S3Client({ endpoint });
  return {
    send: (operation, input) => client.send(new sdk[`${operation}Command`](input)),
    close: () => client.destroy(),
  };
}
