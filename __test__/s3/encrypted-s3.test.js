'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { before, describe, it } = require('node:test');
const { MultiKeyring } = require('../..');
const { EncryptedS3, decryptS3Object, encryptS3Object } = require('../../integrations/s3');
const { flipLastByte } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { temporaryBucket } = require('../support/temporary-bucket');

describe('EncryptedS3 (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const bucket = temporaryBucket();
  let client, envelope, keyring, s3, both, messages;
  before(() => {
    ({ client, envelope, keyring, s3, both, messages } = bucket);
  });

  const context = { tenant: 'acme', größe: '鍵' };

  for (const storage of ['metadata', 'instructionFile']) {
    it(`gets back what it put, its data key in the ${storage}`, async () => {
      const place = { Bucket, Key: `round-trip/${storage}` };
      const data = randomBytes(3 * 1024 * 1024 + 5);
      await s3.put({ ...place, Body: data }, { encryptionContext: context, storage });
      const stored = await bucket.stored(place.Key);
      assert.equal(stored.Metadata['x-amz-c'], '115');
      assert.notDeepEqual(stored.body, data);
      const { body } = await s3.get(place, { encryptionContext: context });
      assert.ok(body.equals(data));
      const { stream, length } = await s3.getStream(place, { encryptionContext: context });
      assert.ok(Buffer.concat(await stream.toArray()).equals(data));
      assert.equal(length, data.length);
      await s3.delete(place);
      await assert.rejects(s3.get(place), { name: 'NoSuchKey' });
    });
  }

  it('writes no instruction file over that of an object which must not be replaced', async () => {
    const place = { Bucket, Key: 'only-once' };
    const put = (more) => s3.put({ ...place, ...more }, { storage: 'instructionFile' });
    await put({ Body: 'first', IfNoneMatch: '*' });
    await assert.rejects(put({ Body: 'second', IfNoneMatch: '*' }), { name: 'PreconditionFailed' });
    await rejection(put({ Body: 'second', IfMatch: '"x"' }), 'INVALID_ARGUMENT');
    assert.equal(String((await s3.get(place)).body), 'first');
  });

  it('leaves what exists as it was, and nothing behind, where an object is refused', async () => {
    const options = { storage: 'instructionFile' };
    // A message that another program has put: a file beside it would be taken for its own.
    const there = { Bucket, Key: 'there' };
    const Body = await envelope.encrypt('old');
    await bucket.send('PutObject', { ...there, Body });
    const put = (place, more) =>
      both.put({ ...place, Body: 'new', IfNoneMatch: '*', ...more }, options);
    await assert.rejects(put(there), { name: 'PreconditionFailed' });
    assert.equal(String((await both.get(there)).body), 'old');

    const again = { Bucket, Key: 'again' };
    await assert.rejects(put(again, { StorageClass: 'NONE_SUCH' }), {
      name: 'InvalidStorageClass',
    });
    await put(again);
    assert.equal(String((await both.get(again)).body), 'new');
  });

  it('deletes an old version, and the current object can still be read', async () => {
    const place = { Bucket: `${Bucket}-versions`, Key: 'object' };
    await bucket.send('CreateBucket', { Bucket: place.Bucket });
    const VersioningConfiguration = { Status: 'Enabled' };
    const versioning = { Bucket: place.Bucket, VersioningConfiguration };
    await bucket.send('PutBucketVersioning', versioning);
    const put = (Body) => s3.put({ ...place, Body }, { storage: 'instructionFile' });
    const { VersionId } = await put('old');
    await put('new');
    await s3.delete({ ...place, VersionId });
    assert.equal(String((await s3.get(place)).body), 'new');
    await assert.rejects(s3.head({ ...place, VersionId }), { name: 'NotFound' });
    await s3.delete(place);
    await assert.rejects(s3.get(place), { name: 'NoSuchKey' });
  });

  it('gives nothing of an object whose last byte was changed', async () => {
    const place = { Bucket, Key: 'changed' };
    await s3.put({ ...place, Body: randomBytes(2_000_000) });
    const { body, Metadata } = await bucket.stored(place.Key);
    await bucket.send('PutObject', { ...place, Body: flipLastByte(body), Metadata });
    await rejection(s3.get(place), 'AUTHENTICATION_FAILED');
    await rejection(s3.getStream(place), 'AUTHENTICATION_FAILED');
  });

  it('tells messages of this package from objects of the S3 Encryption Clients', async () => {
    const Key = 'message';
    await messages.put({ Bucket, Key, Body: 'text' });
    assert.equal(String((await both.get({ Bucket, Key })).body), 'text');
    await both.put({ Bucket, Key, Body: 'object' });
    assert.equal(String((await both.get({ Bucket, Key })).body), 'object');
  });

  it('says what to give for an object that it has no key for', async () => {
    const range = { start: 0, end: 1 };
    for (const [writer, reader, needed] of [
      [messages, s3, /give an envelope/],
      [s3, messages, /give a keyring/],
    ]) {
      const place = { Bucket, Key: `kind${needed}` };
      await writer.put({ ...place, Body: 'text' });
      const reads = [
        () => reader.get(place),
        () => reader.getStream(place),
        () => reader.get(place, { range }),
      ];
      for (const read of reads) {
        const { message } = await rejection(read(), 'INVALID_ARGUMENT');
        assert.match(message, needed);
      }
    }
  });

  it('never takes an object of an S3 Encryption Client for a message by its metadata', async () => {
    const place = { Bucket, Key: 'marked' };
    const Metadata = { 'Kms-Envelope': 'message' };
    await rejection(both.put({ ...place, Body: 'x', Metadata }), 'INVALID_ARGUMENT');
    await both.put({ ...place, Body: 'x' });
    const to = { ...place, Metadata, MetadataDirective: 'REPLACE' };
    await rejection(both.copy(place, to), 'INVALID_ARGUMENT');
    // As another program may copy it.
    const { Metadata: own, body: Body } = await bucket.stored(place.Key);
    const marked = { ...own, 'kms-envelope': 'message' };
    await bucket.send('PutObject', { ...place, Body, Metadata: marked });
    assert.equal(String((await both.get(place)).body), 'x');
  });

  it('refuses a bound data key that was renamed into one that nothing binds', async () => {
    const of = (commitmentPolicy) => encryptS3Object('text', { keyring, commitmentPolicy });
    const reading = {
      ...{ keyring, commitmentPolicy: 'requireEncryptAllowDecrypt' },
      ...{ legacyWrapping: true, legacyContent: true },
    };
    const old = await of('forbidEncryptAllowDecrypt');
    const kms = { ...old.metadata, 'x-amz-wrap-alg': 'kms' };
    const cbc = {
      ...{ ...kms, 'x-amz-cek-alg': 'AES/CBC/PKCS5Padding', 'x-amz-tag-len': '128' },
      'x-amz-iv': Buffer.alloc(16).toString('base64'),
    };
    const { metadata: v3 } = await of();
    const ofV3 = { ...kms, 'x-amz-key-v2': v3['x-amz-3'], 'x-amz-matdesc': v3['x-amz-t'] };
    for (const metadata of [kms, cbc, ofV3]) {
      const body = randomBytes(32);
      await rejection(decryptS3Object({ body, metadata }, reading), 'CONTEXT_MISMATCH');
    }
  });

  it('refuses a range, which nothing would verify, and a body over its limit', async () => {
    const small = new EncryptedS3({ client, keyring, maxBufferLength: 10 });
    const place = { Bucket, Key: 'limit' };
    await small.put({ ...place, Body: 'more than ten bytes' });
    await rejection(small.get(place), 'LIMIT_EXCEEDED');
    await rejection(small.get({ ...place, Range: 'bytes=0-1' }), 'INVALID_ARGUMENT');
  });

  it('refuses an instruction file that is too long to be one', async () => {
    const place = { Bucket, Key: 'long-file' };
    await s3.put({ ...place, Body: 'x' }, { storage: 'instructionFile' });
    const file = { Bucket, Key: 'long-file.instruction' };
    await bucket.send('PutObject', { ...file, Body: Buffer.alloc(300_000, ' ') });
    await rejection(s3.get(place), 'LIMIT_EXCEEDED');
  });

  it('tells what is wrong with an input or an option', async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const input of [undefined, null, 'a', revoked.proxy, { Bucket }, { Bucket, Key: '' }]) {
      await rejection(s3.get(input), 'INVALID_ARGUMENT');
      await rejection(s3.put(input), 'INVALID_ARGUMENT');
      await rejection(s3.delete(input), 'INVALID_ARGUMENT');
    }
    await rejection(s3.get({ Bucket, Key: 'k' }, { context: {} }), 'INVALID_ARGUMENT');
    for (const wrong of [undefined, {}, revoked.proxy, { send: 1 }]) {
      assert.throws(() => new EncryptedS3({ client: wrong, keyring }), {
        code: /INVALID_ARGUMENT/,
      });
    }
  });

  it('refuses metadata with names of the format, which would make the object unreadable', async () => {
    const Metadata = { 'X-Amz-Key-V2': 'mine' };
    await rejection(s3.put({ Bucket, Key: 'k', Body: 'x', Metadata }), 'INVALID_ARGUMENT');
  });

  it('writes under no keyring whose data keys other clients could not read', async () => {
    const aes = rawAes();
    const several = new MultiKeyring({ generator: aes });
    await rejection(encryptS3Object('x', { keyring: several }), 'INVALID_ARGUMENT');
  });

  it('writes V2 only under a policy that allows it', async () => {
    const aes = rawAes();
    const place = { Bucket, Key: 'v2' };
    const strict = new EncryptedS3({ client, keyring: aes });
    await rejection(strict.put({ ...place, Body: 'x' }, { format: 'V2' }), 'COMMITMENT_POLICY');
    const old = new EncryptedS3({
      ...{ client, keyring: aes, commitmentPolicy: 'forbidEncryptAllowDecrypt' },
    });
    await old.put({ ...place, Body: 'x' });
    assert.equal(String((await old.get(place)).body), 'x');
    await rejection(strict.get(place), 'COMMITMENT_POLICY');
  });
});
