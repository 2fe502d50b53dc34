'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { Readable } = require('node:stream');
const { before, describe, it } = require('node:test');
const { AwsKmsKeyring } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { uploadStream } = require('../../integrations/s3/upload');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
const partLength = 5 * MEBIBYTE;
const TAG_LENGTH = 16;

describe('EncryptedS3.put of a stream (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const data = randomBytes(partLength + 12_345);
  const encryptionContext = { tenant: 'acme' };
  const bucket = temporaryBucket();
  let keyring, s3;
  before(() => {
    ({ keyring, s3 } = bucket);
  });

  const namesOf = (log) => log.map(({ name }) => name);
  const count = (name) => namesOf(bucket.proxy.log).filter((other) => other === name).length;

  /** Neither the object, nor parts of it. */
  async function assertNothingLeft(Key) {
    await assert.rejects(bucket.stored(Key), { name: 'NoSuchKey' });
    assert.deepEqual(await bucket.uploads(), []);
  }

  for (const storage of ['metadata', 'instructionFile']) {
    it(`uploads by parts, its data key in the ${storage}, and any client reads it`, async () => {
      const input = { ...place(`parts-${storage}`), Metadata: { by: 'me' }, ContentType: 'a/b' };
      const Body = Readable.from(chunksOf(data));
      await s3.put({ ...input, Body }, { encryptionContext, storage, partLength });
      assert.deepEqual([count('UploadPart'), count('CompleteMultipartUpload')], [2, 1]);
      const stored = await bucket.stored(input.Key);
      assert.equal(stored.body.length, data.length + TAG_LENGTH);
      assert.deepEqual([stored.Metadata.by, stored.Metadata['x-amz-c']], ['me', '115']);
      assert.equal(stored.ContentType, 'a/b');
      const { body } = await s3.get(place(input.Key), { encryptionContext });
      assert.ok(body.equals(data));
    });
  }

  it('uploads messages of this package by parts', async () => {
    const { envelope, messages } = bucket;
    const Body = Readable.from(chunksOf(data));
    await messages.put({ ...place('message'), Body }, { encryptionContext, partLength });
    assert.equal(count('UploadPart'), 2);
    const { body } = await bucket.stored('message');
    assert.ok((await envelope.decrypt(body, { encryptionContext })).equals(data));
  });

  const bodies = {
    'a stream of the Web': () => new Blob([data]).stream(),
    'an async generator of text': async function* () {
      yield 'grün';
      yield '';
      yield new Uint16Array([1, 2]);
    },
    'no bytes': () => Readable.from([]),
    'exactly one part': () => Readable.from([data.subarray(0, partLength - TAG_LENGTH)]),
    'one byte more than a part': () =>
      Readable.from([data.subarray(0, partLength - TAG_LENGTH + 1)]),
    'one long chunk': () => Readable.from([data]),
  };
  for (const [name, body] of Object.entries(bodies)) {
    it(`takes ${name}`, async () => {
      const expected = Buffer.concat((await Readable.from(body()).toArray()).map(toBuffer));
      await s3.put({ ...place(name), Body: body() }, { partLength });
      assert.ok((await s3.get(place(name))).body.equals(expected));
      const isWhole = expected.length + TAG_LENGTH <= partLength;
      assert.equal(count('PutObject'), isWhole ? 1 : 0);
      assert.equal(count('CompleteMultipartUpload'), isWhole ? 0 : 1);
    });
  }

  it('announces the checksum that the client adds to each part, which S3 requires', async () => {
    await s3.put({ ...place('checksum'), Body: Readable.from([data]) }, { partLength });
    const { log } = bucket.proxy;
    const begun = log.find(({ name }) => name === 'CreateMultipartUpload');
    const part = log.find(({ name }) => name === 'UploadPart');
    assert.equal(begun.headers['x-amz-checksum-algorithm'], 'CRC32');
    assert.ok(part.headers['x-amz-checksum-crc32']);
  });

  for (const [name, fault] of Object.entries({ fails: { status: 503 }, 'is reset': 'reset' })) {
    it(`sends the same bytes again where a part ${name}`, async () => {
      let faults = 0;
      bucket.proxy.fault = ({ part }) => (part === 2 && faults++ === 0 ? fault : undefined);
      const Key = `again ${name}`;
      await s3.put({ ...place(Key), Body: Readable.from(chunksOf(data)) }, { partLength });
      const attempts = bucket.proxy.log.filter(({ part }) => part === 2);
      assert.equal(attempts.length, 2);
      assert.equal(attempts[0].sha256, attempts[1].sha256);
      assert.ok((await s3.get(place(Key))).body.equals(data));
    });
  }

  const failures = {
    'a part fails for good': [({ part }) => part === 2 && { status: 500 }, 500],
    'a part is reset for good': [({ part }) => part === 1 && 'reset', 'ECONNRESET'],
    'the upload cannot be completed': [
      ({ name }) => name === 'CompleteMultipartUpload' && { status: 403 },
      403,
    ],
    'the upload cannot begin': [
      ({ name }) => name === 'CreateMultipartUpload' && { status: 403 },
      403,
    ],
  };
  for (const [name, [fault, expected]] of Object.entries(failures)) {
    it(`leaves neither an object nor parts if ${name}`, async () => {
      bucket.proxy.fault = fault;
      const Body = Readable.from(chunksOf(data));
      const put = s3.put({ ...place(name), Body }, { partLength });
      await assert.rejects(put, (error) => {
        assert.equal(error.code ?? error.$metadata?.httpStatusCode, expected, error.stack);
        return true;
      });
      assert.ok(Body.destroyed);
      await assertNothingLeft(name);
    });
  }

  it('tells of the failed part, also if its upload cannot be taken back', async () => {
    bucket.proxy.fault = ({ name, part }) =>
      name === 'AbortMultipartUpload' ? { status: 403 } : part === 1 && { status: 409 };
    const Body = Readable.from(chunksOf(data));
    const put = s3.put({ ...place('both'), Body }, { partLength });
    await assert.rejects(put, ({ $metadata }) => $metadata.httpStatusCode === 409);
    const [{ Key, UploadId }] = await bucket.uploads();
    await bucket.send('AbortMultipartUpload', { Bucket, Key, UploadId });
  });

  it('leaves an object of before as it is, with its instruction file, if its successor fails', async () => {
    const options = { storage: 'instructionFile', partLength };
    await s3.put({ ...place('replaced'), Body: 'before' }, options);
    bucket.proxy.fault = ({ part }) => part === 2 && { status: 500 };
    const put = s3.put({ ...place('replaced'), Body: Readable.from(chunksOf(data)) }, options);
    await assert.rejects(put, ({ $metadata }) => $metadata.httpStatusCode === 500);
    assert.equal(String((await s3.get(place('replaced'))).body), 'before');
    assert.deepEqual(await bucket.uploads(), []);
  });

  it('ends a failed upload although its source has stalled', async () => {
    bucket.proxy.fault = ({ part }) => part === 1 && { status: 400 };
    const Body = new Readable({ read() {} });
    Body.push(data.subarray(0, partLength + 1000));
    const put = s3.put({ ...place('stalled'), Body }, { partLength });
    await assert.rejects(put, ({ $metadata }) => $metadata.httpStatusCode === 400);
    assert.ok(Body.destroyed);
    await assertNothingLeft('stalled');
  });

  it('fails with the error of its source, and leaves nothing', async () => {
    const Body = Readable.from(
      (async function* () {
        yield data.subarray(0, partLength + 1000);
        throw new Error('the disk is gone');
      })(),
    );
    await assert.rejects(s3.put({ ...place('source'), Body }, { partLength }), /the disk is gone/);
    await assertNothingLeft('source');
  });

  for (const name of ['CreateMultipartUpload', 'UploadPart']) {
    it(`takes all back when a signal fires during ${name}`, async () => {
      const controller = new AbortController();
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const reached = new Promise((resolve) => {
        bucket.proxy.fault = (request) => {
          if (request.name !== name) return undefined;
          resolve();
          return () => held;
        };
      });
      const Body = Readable.from(chunksOf(data));
      const { signal } = controller;
      const put = s3.put({ ...place(name), Body }, { partLength, signal });
      await reached;
      controller.abort(new Error('no longer wanted'));
      setTimeout(release, 50);
      const error = await rejection(put, 'ABORTED');
      assert.equal(error.cause.message, 'no longer wanted');
      assert.ok(Body.destroyed);
      await assertNothingLeft(name);
    });
  }

  it('sends nothing if the signal has fired, or the key cannot be used', async () => {
    const signal = AbortSignal.abort();
    const input = () => ({ ...place('nothing'), Body: Readable.from(['x']) });
    await rejection(s3.put(input(), { signal }), 'ABORTED');
    const { moto, client } = bucket;
    const keyId = 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000';
    const nobodys = new AwsKmsKeyring({ keyId, endpoint: moto.endpoint });
    const failing = input();
    await rejection(
      new EncryptedS3({ client, keyring: nobodys }).put(failing),
      'KMS_KEY_NOT_FOUND',
    );
    assert.ok(failing.Body.destroyed);
    assert.deepEqual(bucket.proxy.log, []);
  });

  it('tells what is wrong with a stream, a part’s length, or what S3 would check', async () => {
    const put = (input, options) => s3.put({ ...place('wrong'), ...input }, options);
    const Body = () => Readable.from(['x']);
    for (const length of [0, partLength - 1, 1.5, '8', 2 ** 40]) {
      await rejection(put({ Body: Body() }, { partLength: length }), 'INVALID_ARGUMENT');
    }
    for (const name of ['ContentLength', 'ContentMD5', 'ChecksumSHA256']) {
      await rejection(put({ Body: Body(), [name]: '1' }), 'INVALID_ARGUMENT');
    }
    await rejection(put({ Body: Readable.from([1, 2]) }), 'INVALID_ARGUMENT');
    await rejection(put({}), 'INVALID_ARGUMENT');
    for (const stream of [Body(), Readable.toWeb(Body())]) {
      for await (const chunk of stream) assert.ok(chunk.length > 0);
      await rejection(put({ Body: stream }), 'INVALID_ARGUMENT');
    }
    const toFile = bucket.messages.put(
      { ...place('wrong'), Body: 'x' },
      { storage: 'instructionFile' },
    );
    await rejection(toFile, 'INVALID_ARGUMENT');
    await assertNothingLeft('wrong');
  });

  it('reads no further than six parts ahead of what S3 has taken', async () => {
    const waiting = [];
    let [read, most, done] = [0, 0, 0];
    const client = {
      async send({ constructor: { name } }) {
        if (name !== 'UploadPartCommand') return { UploadId: 'id' };
        await new Promise((resolve) => waiting.push(resolve));
        done += 1;
        return { ETag: 'tag' };
      },
    };
    const Body = Readable.from(
      (async function* () {
        for (; read < 40; read++) {
          most = Math.max(most, read * MEBIBYTE - done * partLength);
          yield Buffer.alloc(MEBIBYTE);
        }
      })(),
      { highWaterMark: 1 },
    );
    const input = { ...place('slow'), Body };
    const put = new EncryptedS3({ client, keyring }).put(input, { partLength });
    // Time and again all that can go on without S3 does.
    const answering = setInterval(() => waiting.splice(0, 1).forEach((resolve) => resolve()), 5);
    await put;
    clearInterval(answering);
    assert.equal(done, 9);
    assert.ok(most > 4 * partLength && most <= 6 * partLength, `${most} bytes ahead`);
  });

  it('refuses more parts than S3 takes', async () => {
    const sent = [];
    const store = {
      checksumAlgorithm: async () => undefined,
      send: async (name) => (sent.push(name), { UploadId: 'id', ETag: 'tag' }),
    };
    const encrypt = async function* (source) {
      for await (const chunk of source) yield chunk;
    };
    const describeObject = () => ({ metadata: {}, instructionFile: undefined });
    const input = { ...place('k'), Body: Readable.from([Buffer.alloc(10_001)]) };
    const options = { encrypt, describe: describeObject, partLength: 1, signal: undefined };
    await rejection(uploadStream(store, input, options), 'LIMIT_EXCEEDED');
    assert.equal(sent.filter((name) => name === 'UploadPartCommand').length, 10_000);
    assert.equal(sent.pop(), 'AbortMultipartUploadCommand');
  });
});

/** In chunks of an odd length. */
function* chunksOf(bytes) {
  for (let at = 0; at < bytes.length; at += 99_991) yield bytes.subarray(at, at + 99_991);
}

function toBuffer(chunk) {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
