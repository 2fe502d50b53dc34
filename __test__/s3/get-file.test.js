'use strict';

const assert = require('node:assert/strict');
const { createCipheriv, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { before, beforeEach, describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');
const { Envelope } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { flipLastByte } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { skipWithout } = require('../support/requirements');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
/** More than the slabs that are decrypted and written at once, and not a whole number of blocks. */
const LONG = 3 * MEBIBYTE + 5;
/** Lengths at which a tag of 16 bytes, or the padding, lies in two slabs, or in one of its own. */
const LENGTHS = [0, 1, MEBIBYTE - 16, MEBIBYTE - 7, MEBIBYTE, 2 * MEBIBYTE - 16, LONG];

describe('an object of S3 in a file (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme' };
  const wrappingKey = randomBytes(32);
  const keyring = rawAes('key', wrappingKey);
  const envelope = new Envelope({ keyring });
  const commitmentPolicy = 'requireEncryptAllowDecrypt';
  const content = randomBytes(LONG);
  const root = temporaryFolder();
  const bucket = temporaryBucket();
  let s3, folder, file;
  before(() => {
    const old = { commitmentPolicy, legacyWrapping: true, legacyContent: true };
    s3 = new EncryptedS3({ client: bucket.client, keyring, envelope, ...old });
  });
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(root, 'file-'));
    file = path.join(folder, 'plain');
  });

  const store = (Key, { body, metadata }) =>
    bucket.send('PutObject', { ...place(Key), Body: body, Metadata: metadata });

  /** V2 with AES-CBC, as clients of before wrote it. */
  function encryptCbc(data) {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const run = (cipher, bytes) => Buffer.concat([cipher.update(bytes), cipher.final()]);
    const wrap = createCipheriv('id-aes256-wrap', wrappingKey, Buffer.alloc(8, 0xa6));
    const metadata = {
      'x-amz-key-v2': run(wrap, key).toString('base64'),
      'x-amz-iv': iv.toString('base64'),
      'x-amz-wrap-alg': 'AESWrap',
      'x-amz-cek-alg': 'AES/CBC/PKCS5Padding',
      'x-amz-matdesc': '{}',
    };
    return { body: run(createCipheriv('aes-256-cbc', key, iv), data), metadata };
  }

  const writers = {
    V3: (Key, data) => s3.put({ ...place(Key), Body: data }),
    'V3 with an instruction file': (Key, data) =>
      s3.put({ ...place(Key), Body: data }, { storage: 'instructionFile' }),
    'V2 with AES-CBC': (Key, data) => store(Key, encryptCbc(data)),
    message: async (Key, data) => store(Key, { body: await envelope.encrypt(data) }),
  };
  for (const [name, write] of Object.entries(writers)) {
    it(`has the plaintext of ${name}, of every length`, async () => {
      for (const length of LENGTHS) {
        const data = content.subarray(0, length);
        await write(`whole/${name}`, data);
        const answer = await s3.getFile(place(`whole/${name}`), file, { overwrite: true });
        assert.equal(answer.length, length, `the length of ${length} bytes`);
        assert.ok(fs.readFileSync(file).equals(data), `${length} bytes`);
      }
    });

    it(`does not appear if ${name} was changed or cut, or breaks off`, async () => {
      const Key = `changed/${name}`;
      await write(Key, content);
      const { body, Metadata: metadata } = await bucket.stored(Key);
      const without = (count) => body.subarray(0, body.length - count);
      // The last byte of AES-CBC changes the padding.
      for (const changed of [flipLastByte(body), without(1), without(17)]) {
        await store(Key, { body: changed, metadata });
        await assert.rejects(s3.getFile(place(Key), file), {
          code: /^ERR_ENVELOPE_(AUTHENTICATION_FAILED|TRUNCATED_MESSAGE|MALFORMED_MESSAGE)$/,
        });
      }
      await store(Key, { body, metadata });
      bucket.proxy.fault = ({ name: call, key }) => call === 'GetObject' && key === Key && 'cut';
      await assert.rejects(s3.getFile(place(Key), file), { code: 'ECONNRESET' });
      assert.deepEqual(fs.readdirSync(folder), []);
    });
  }

  it('has the plaintext of a signed message, which a stream would not release', async () => {
    const signing = new Envelope({
      keyring,
      algorithmSuite: 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384',
    });
    await store('signed', { body: await signing.encrypt(content) });
    await s3.getFile(place('signed'), file);
    assert.ok(fs.readFileSync(file).equals(content));
    const { body } = await bucket.stored('signed');
    await store('signed', { body: flipLastByte(body) });
    const other = path.join(folder, 'other');
    await assert.rejects(s3.getFile(place('signed'), other), {
      code: 'ERR_ENVELOPE_AUTHENTICATION_FAILED',
    });
    assert.deepEqual(fs.readdirSync(folder), ['plain']);
  });

  for (const difference of [-20, -16, -1, 1, 16, MEBIBYTE]) {
    it(`does not appear half-written if the store tells ${difference} bytes more`, async () => {
      for (const [Key, length] of LENGTHS.map((length) => [`told/${length}`, length])) {
        const data = content.subarray(0, length);
        await s3.put({ ...place(Key), Body: data });
        const lying = {
          async send(command, options) {
            const output = await bucket.client.send(command, options);
            const ContentLength = Math.max(0, output.ContentLength + difference);
            return output.Body ? { ...output, ContentLength } : output;
          },
        };
        const reader = new EncryptedS3({ client: lying, keyring });
        const failure = await reader.getFile(place(Key), file).then(
          () => undefined,
          (error) => error,
        );
        if (failure) {
          assert.equal(failure.code, 'ERR_ENVELOPE_MALFORMED_MESSAGE', failure.stack);
          assert.deepEqual(fs.readdirSync(folder), []);
        } else {
          assert.ok(fs.readFileSync(file).equals(data));
          fs.rmSync(file);
        }
      }
    });
  }

  it('is only its owner’s, and replaces another only if asked to', async () => {
    await s3.put({ ...place('kept'), Body: 'new' }, {});
    fs.writeFileSync(file, 'old');
    bucket.proxy.reset();
    await assert.rejects(s3.getFile(place('kept'), file), { code: 'ERR_ENVELOPE_FILE_EXISTS' });
    assert.equal(fs.readFileSync(file, 'utf8'), 'old');
    assert.deepEqual(bucket.proxy.log, [], 'S3 was asked');
    await s3.getFile(place('kept'), pathToFileURL(file), { overwrite: true });
    assert.equal(fs.readFileSync(file, 'utf8'), 'new');
    if (process.platform !== 'win32') assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('does not appear if the signal fires, before or while it comes', async () => {
    await s3.put({ ...place('aborted'), Body: content });
    const aborted = { code: 'ERR_ENVELOPE_ABORTED' };
    await assert.rejects(
      s3.getFile(place('aborted'), file, { signal: AbortSignal.abort() }),
      aborted,
    );
    const controller = new AbortController();
    const { signal } = controller;
    bucket.proxy.fault = () => () => controller.abort();
    await assert.rejects(s3.getFile(place('aborted'), file, { signal }), aborted);
    assert.deepEqual(fs.readdirSync(folder), []);
  });

  it('refuses what is no path, no option, or a part of an object', async () => {
    const code = 'ERR_ENVELOPE_INVALID_ARGUMENT';
    await assert.rejects(s3.getFile(place('x'), 5), { code, message: /the destination/ });
    await assert.rejects(s3.getFile(place('x'), file, { force: true }), { code, message: /force/ });
    await assert.rejects(s3.getFile({ ...place('x'), Range: 'bytes=0-1' }, file), { code });
    await assert.rejects(s3.getFile(place('x'), file, { overwrite: 1 }), { code });
    await assert.rejects(s3.getFile(place('x'), file, { encryptionContext }), {
      name: 'NoSuchKey',
    });
  });
});
