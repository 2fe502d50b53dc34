'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { Envelope } = require('../..');
const { EncryptedS3, decryptS3Object } = require('../../integrations/s3');
const { describeS3Object } = require('../../lib/s3-objects/describe');
const { flip } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { casesOf, json, keyringOf, objectOf } = require('../support/s3-objects');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const VECTORS = path.join(__dirname, '..', '..', 'tests', 'vectors', 's3');
const DEFAULT_FRAME_LENGTH = 65_536;
const CBC = 'AES/CBC/PKCS5Padding';
const COMMITTING = 'ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY';

describe('what metadata say of an object', () => {
  it('is what other clients have written, and its plaintext’s length where that is known', () => {
    const kinds = new Set();
    const isGood = ({ result }) => result === 'ok';
    for (const item of casesOf(VECTORS, ['ruby', 'java', 'crafted']).filter(isGood)) {
      const { body, metadata, instructionFile } = objectOf(VECTORS, item);
      const described = describeS3Object(metadata, instructionFile, body.length);
      const { format, contentAlgorithm, wrappingAlgorithm, plaintextLength, storage } = described;
      const isKnown = contentAlgorithm !== CBC || plaintextLength !== undefined;
      assert.equal(plaintextLength, isKnown ? item.plaintext_length : undefined, item.id);
      assert.equal(format, item.format, item.id);
      assert.equal(storage, instructionFile === undefined ? 'metadata' : 'instructionFile');
      kinds.add(`${format} ${contentAlgorithm} ${wrappingAlgorithm}${isKnown ? '' : ' ?'}`);
    }
    assert.deepEqual([...kinds].sort(), [
      'V1 AES/CBC/PKCS5Padding undefined',
      'V1 AES/CBC/PKCS5Padding undefined ?',
      'V2 AES/CBC/PKCS5Padding kms',
      'V2 AES/CBC/PKCS5Padding kms ?',
      'V2 AES/GCM/NoPadding AES/GCM',
      'V2 AES/GCM/NoPadding AESWrap',
      'V2 AES/GCM/NoPadding RSA-OAEP-SHA1',
      'V2 AES/GCM/NoPadding RSA/ECB/OAEPWithSHA-256AndMGF1Padding',
      'V2 AES/GCM/NoPadding kms',
      'V2 AES/GCM/NoPadding kms+context',
      'V3 ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY AES/GCM',
      'V3 ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY RSA-OAEP-SHA1',
      'V3 ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY kms+context',
    ]);
  });
});

describe('what metadata say must be set to read an object', () => {
  it('is enough, and nothing of it can be left out', async () => {
    const { keys } = json(VECTORS, 'keys');
    const isOne = ({ result, keyring }) => result === 'ok' && keyring.type.startsWith('raw-');
    const tried = new Set();
    for (const item of casesOf(VECTORS, ['ruby', 'java', 'crafted']).filter(isOne)) {
      const object = objectOf(VECTORS, item);
      const { metadata, instructionFile, body } = object;
      const { requires } = describeS3Object(metadata, instructionFile, body.length);
      const keyring = keyringOf(item.keyring, keys);
      await decryptS3Object(object, { keyring, ...requires });
      for (const name of Object.keys(requires)) {
        const fewer = decryptS3Object(object, { keyring, ...requires, [name]: undefined });
        await rejection(
          fewer,
          name === 'commitmentPolicy' ? 'COMMITMENT_POLICY' : 'LEGACY_ALGORITHM',
        );
      }
      tried.add(Object.keys(requires).join());
    }
    assert.deepEqual([...tried].sort(), [
      '',
      'commitmentPolicy',
      'commitmentPolicy,legacyWrapping',
      'commitmentPolicy,legacyWrapping,legacyContent',
    ]);
  });
});

describe('EncryptedS3.head and ranges (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme', größe: '鍵' };
  const data = randomBytes(200_000);
  const bucket = temporaryBucket();
  let keyring, envelope, s3, both, messages;
  before(() => {
    ({ keyring, envelope, s3, both, messages } = bucket);
  });

  const putRaw = (Key, body, Metadata) =>
    bucket.send('PutObject', { ...place(Key), Body: body, Metadata });

  for (const storage of ['metadata', 'instructionFile']) {
    it(`tells of an object of an S3 Encryption Client, its data key in the ${storage}`, async () => {
      const input = { ...place(`head-${storage}`), Metadata: { by: 'me' } };
      await s3.put({ ...input, Body: data }, { encryptionContext, storage });
      const { encryption, ContentLength, Metadata } = await s3.head(place(input.Key));
      assert.deepEqual(encryption, {
        ...{ format: 'V3', contentAlgorithm: COMMITTING, wrappingAlgorithm: 'kms+context' },
        ...{ encryptionContext, description: undefined, storage, plaintextLength: data.length },
        requires: {},
      });
      assert.deepEqual([ContentLength, Metadata.by], [data.length + 16, 'me']);
    });
  }

  it('tells of messages of this package, also of those with a long header', async () => {
    const put = (Key, Body, context) =>
      messages.put({ ...place(Key), Body }, { encryptionContext: context });
    await put('message', data, encryptionContext);
    await put('long', 'text', { long: 'x'.repeat(20_000) });
    const { encryption } = await s3.head(place('message'));
    assert.deepEqual([encryption.format, encryption.plaintextLength], ['message', data.length]);
    assert.deepEqual({ ...encryption.header.encryptionContext }, encryptionContext);
    const long = await messages.head(place('long'));
    assert.deepEqual([long.encryption.format, long.encryption.plaintextLength], ['message', 4]);
  });

  it('tells the length of a message of any shape, but of a signed one', async () => {
    for (const length of [0, 1, 99, 100, 101, 200]) {
      const shaped = new Envelope({ keyring, frameLength: 100 });
      await putRaw('shaped', await shaped.encrypt(data.subarray(0, length)));
      assert.equal((await s3.head(place('shaped'))).encryption.plaintextLength, length);
    }
    const signed = new Envelope({ keyring, algorithmSuite: 0x0578 });
    await putRaw('signed', await signed.encrypt('x'));
    const { encryption } = await s3.head(place('signed'));
    assert.deepEqual([encryption.format, encryption.plaintextLength], ['message', undefined]);
  });

  it('tells nothing of what is not encrypted, and refuses what was put together', async () => {
    for (const [Key, body] of [
      ['plain', 'plain text'],
      ['empty', ''],
    ]) {
      await putRaw(Key, body);
      assert.equal((await both.head(place(Key))).encryption, undefined);
    }
    await putRaw('odd', 'x', { 'x-amz-key-v2': 'AAAA', 'x-amz-c': '115' });
    await rejection(s3.head(place('odd')), 'MALFORMED_MESSAGE');
    await rejection(s3.head({ ...place('plain'), PartNumber: 1 }), 'INVALID_ARGUMENT');
    await assert.rejects(s3.head(place('missing')), { name: 'NotFound' });
  });

  it('gets ranges of a message, verified, of no more frames than it must', async () => {
    await messages.put({ ...place('ranged'), Body: data }, { encryptionContext });
    for (const [start, end] of [
      [0, 10],
      [65_530, 65_540],
      [199_990, undefined],
      [5, 5],
    ]) {
      bucket.proxy.reset();
      const options = { encryptionContext, range: { start, end } };
      const { body, ContentLength } = await both.get(place('ranged'), options);
      assert.ok(body.equals(data.subarray(start, end)));
      assert.ok(ContentLength > data.length);
      const ranged = bucket.proxy.log.filter(({ range }) => range);
      assert.equal(
        ranged.length,
        bucket.proxy.log.filter((r) => r.name === 'GetObject' && !r.key.endsWith('.instruction'))
          .length,
      );
    }
    await rejection(
      both.get(place('ranged'), { range: { start: 0, end: 1 }, encryptionContext: { other: 'x' } }),
      'CONTEXT_MISMATCH',
    );
    const beyond = { encryptionContext, range: { start: data.length + 1 } };
    await rejection(both.get(place('ranged'), beyond), 'RANGE');
  });

  it('gives nothing of a range of a message that was changed there', async () => {
    const message = await envelope.encrypt(data);
    await putRaw('changed', flip(message, 'frame 2 content'));
    const start = DEFAULT_FRAME_LENGTH;
    await rejection(both.get(place('changed'), { range: { start } }), 'AUTHENTICATION_FAILED');
    const { body } = await both.get(place('changed'), { range: { end: 10 } });
    assert.ok(body.equals(data.subarray(0, 10)));
  });

  it('gives nothing of a range if the object is replaced meanwhile', async () => {
    await messages.put({ ...place('replaced'), Body: data });
    const successor = await envelope.encrypt(data);
    bucket.proxy.fault = ({ name }) =>
      name === 'HeadObject' && (() => putRaw('replaced', successor));
    await assert.rejects(messages.get(place('replaced'), { range: { end: 10 } }), {
      name: 'PreconditionFailed',
    });
    bucket.proxy.reset();
  });

  for (const format of ['V2', 'V3']) {
    it(`gets ranges of ${format}, of which nothing is verified, by that name only`, async () => {
      const { client } = bucket;
      const old = format === 'V2' && { commitmentPolicy: 'forbidEncryptAllowDecrypt' };
      const s3OfFormat = new EncryptedS3({ client, keyring, envelope, ...old });
      const Key = `unauthenticated-${format}`;
      const storage = 'instructionFile';
      await s3OfFormat.put({ ...place(Key), Body: data }, { encryptionContext, storage });
      const get = (options) => s3OfFormat.get(place(Key), { encryptionContext, ...options });
      for (const [start, end] of [
        [0, 16],
        [7, 70_001],
        [199_999, undefined],
        [3, 9e9],
        [5, 5],
      ]) {
        const { body } = await get({ unauthenticatedRange: { start, end } });
        assert.ok(body.equals(data.subarray(start, end)), `${start} to ${end}`);
      }
      await rejection(get({ unauthenticatedRange: { start: data.length + 1 } }), 'RANGE');
      const error = await rejection(get({ range: { end: 5 } }), 'UNSUPPORTED_MESSAGE');
      assert.match(error.message, /unauthenticatedRange/);
      const other = { unauthenticatedRange: {}, encryptionContext: {} };
      await rejection(s3OfFormat.get(place(Key), other), 'CONTEXT_MISMATCH');
    });
  }

  it('shows by a changed bit what is not verified', async () => {
    await s3.put({ ...place('bit'), Body: 'pay 100' });
    const { body, Metadata } = await bucket.stored('bit');
    body[4] ^= '1'.charCodeAt() ^ '9'.charCodeAt();
    await putRaw('bit', body, Metadata);
    await rejection(s3.get(place('bit')), 'AUTHENTICATION_FAILED');
    const range = await s3.get(place('bit'), { unauthenticatedRange: { start: 4 } });
    assert.equal(String(range.body), '900');
  });

  it('has no unauthenticated ranges of messages, and none of AES-CBC', async () => {
    await messages.put({ ...place('m'), Body: 'x' });
    await rejection(both.get(place('m'), { unauthenticatedRange: {} }), 'INVALID_ARGUMENT');
    const isCbc = ({ result, format, keyring: { type }, metadata }) =>
      result === 'ok' && format === 'V1' && type === 'raw-aes' && metadata;
    const item = casesOf(VECTORS, ['ruby']).find(isCbc);
    const { body, metadata } = objectOf(VECTORS, item);
    await putRaw('cbc', body, metadata);
    const keys = require(path.join(VECTORS, 'keys.json')).keys;
    const wrappingKey = Buffer.from(keys[item.keyring.key].hex, 'hex');
    const old = new EncryptedS3({
      ...{ client: bucket.client, commitmentPolicy: 'requireEncryptAllowDecrypt' },
      ...{ legacyWrapping: true, legacyContent: true },
      keyring: rawAes('key', wrappingKey),
    });
    assert.ok((await old.get(place('cbc'))).body);
    await rejection(old.get(place('cbc'), { unauthenticatedRange: {} }), 'UNSUPPORTED_MESSAGE');
  });

  it('tells what is wrong with a range, and holds no more than its limit', async () => {
    await s3.put({ ...place('limits'), Body: data });
    const { client } = bucket;
    const small = new EncryptedS3({ client, keyring, envelope, maxBufferLength: 10 });
    const get = (options) => small.get(place('limits'), options);
    await rejection(get({ unauthenticatedRange: {} }), 'LIMIT_EXCEEDED');
    assert.equal((await get({ unauthenticatedRange: { end: 10 } })).body.length, 10);
    await messages.put({ ...place('limited'), Body: data });
    await rejection(small.get(place('limited'), { range: { end: 11 } }), 'LIMIT_EXCEEDED');
    for (const range of [null, 'bytes=0-1', { from: 1 }, { start: -1 }, { start: 5, end: 4 }]) {
      await rejection(get({ unauthenticatedRange: range }), 'INVALID_ARGUMENT');
    }
    await rejection(get({ range: {}, unauthenticatedRange: {} }), 'INVALID_ARGUMENT');
    await rejection(s3.getStream(place('limits'), { range: {} }), 'INVALID_ARGUMENT');
  });
});
