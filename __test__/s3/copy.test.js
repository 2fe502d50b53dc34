'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { before, describe, it } = require('node:test');
const { EncryptedS3, encryptS3Object } = require('../../integrations/s3');
const { copyObject } = require('../../integrations/s3/copy');
const { ObjectStore } = require('../../integrations/s3/object-store');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { place, temporaryBucket } = require('../support/temporary-bucket');

describe('EncryptedS3.copy (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme', größe: '鍵' };
  const storage = 'instructionFile';
  const bucket = temporaryBucket();
  let keyring, s3;
  before(() => {
    ({ keyring, s3 } = bucket);
  });

  const read = async (store, Key, context = encryptionContext) =>
    String((await store.get(place(Key), { encryptionContext: context })).body);

  for (const kept of ['metadata', 'instructionFile']) {
    it(`copies an object as it is stored, its data key in the ${kept}`, async () => {
      const from = place(`from/ä ${kept}+?&`);
      const to = place(`to/${kept}`);
      const input = { ...from, Body: 'text', Metadata: { by: 'me' }, ContentType: 'a/b' };
      await s3.put(input, { encryptionContext, storage: kept });
      await s3.copy(from, to);
      const [original, copy] = [await bucket.stored(from.Key), await bucket.stored(to.Key)];
      assert.ok(copy.body.equals(original.body));
      assert.deepEqual(copy.Metadata, original.Metadata);
      assert.equal(copy.ContentType, 'a/b');
      assert.equal(await read(s3, to.Key), 'text');
      await s3.delete(from);
      assert.equal(await read(s3, to.Key), 'text');
    });
  }

  it('copies messages of this package', async () => {
    const { messages } = bucket;
    await messages.put({ ...place('message'), Body: 'text' }, { encryptionContext });
    await messages.copy(place('message'), place('message-copy'));
    assert.equal(await read(messages, 'message-copy'), 'text');
  });

  it('keeps what the encryption needs where the metadata are replaced, also in place', async () => {
    await s3.put(
      { ...place('meta'), Body: 'text', Metadata: { old: '1', constructor: '1' } },
      { encryptionContext, storage },
    );
    const replacing = { MetadataDirective: 'REPLACE', Metadata: { new: '2' } };
    await s3.copy(place('meta'), { ...place('meta'), ...replacing });
    const { Metadata } = await bucket.stored('meta');
    assert.deepEqual([Metadata.old, Metadata.new], [undefined, '2']);
    assert.ok(!Object.hasOwn(Metadata, 'constructor'));
    assert.equal(await read(s3, 'meta'), 'text');
    await s3.copy(place('meta'), { ...place('bare'), MetadataDirective: 'REPLACE' });
    assert.equal(await read(s3, 'bare'), 'text');
  });

  it('refuses metadata that would break the copy, or be lost', async () => {
    await s3.put({ ...place('kept'), Body: 'x' });
    const copy = (more) => s3.copy(place('kept'), { ...place('refused'), ...more });
    const Metadata = { 'X-Amz-D': 'mine' };
    for (const more of [
      { Metadata, MetadataDirective: 'REPLACE' },
      { Metadata: { a: 'b' } },
      { CopySource: 'objects/other' },
      { CopySourceIfMatch: '"x"' },
    ]) {
      await rejection(copy(more), 'INVALID_ARGUMENT');
    }
    for (const [from, to] of [
      [{}, place('k')],
      [place('k'), { Bucket }],
      [place('k'), null],
    ]) {
      await rejection(s3.copy(from, to), 'INVALID_ARGUMENT');
    }
    await assert.rejects(bucket.stored('refused'), { name: 'NoSuchKey' });
  });

  it('does not copy what is not encrypted, or has lost its instruction file', async () => {
    await bucket.send('PutObject', { ...place('plain'), Body: 'plain text' });
    await rejection(s3.copy(place('plain'), place('copy')), 'MALFORMED_MESSAGE');
    await s3.put({ ...place('lost'), Body: 'x' }, { storage });
    await bucket.send('DeleteObject', place('lost.instruction'));
    await rejection(s3.copy(place('lost'), place('copy')), 'MALFORMED_MESSAGE');
    await assert.rejects(bucket.stored('copy'), { name: 'NoSuchKey' });
  });

  it('asks S3 to copy what it looked at, and nothing that came later', async () => {
    // moto copies without looking at this.
    await s3.put({ ...place('looked-at'), Body: 'x' }, { storage });
    bucket.proxy.reset();
    await s3.copy(place('looked-at'), place('looked-at-copy'));
    const copies = bucket.proxy.log.filter(({ name }) => name === 'CopyObject');
    const expected = ['looked-at', 'looked-at.instruction'].map(async (Key) => {
      return [`${Key.replace('at', 'at-copy')}`, (await bucket.stored(Key)).ETag];
    });
    assert.deepEqual(
      copies.map(({ key, headers }) => [key, headers['x-amz-copy-source-if-match']]),
      await Promise.all(expected),
    );
  });

  it('names an access point by its ARN, as S3 asks for it', async () => {
    // moto has no access points.
    const { metadata: Metadata } = await encryptS3Object('x', { keyring });
    const sent = [];
    const client = {
      async send({ constructor: { name }, input }) {
        sent.push([name, input.CopySource]);
        return { Metadata, ContentLength: 17, ETag: '"1"' };
      },
    };
    const arn = 'arn:aws:s3:eu-west-1:111122223333:accesspoint/reports';
    const through = new EncryptedS3({ client, keyring });
    await through.copy({ Bucket: arn, Key: 'a b/c' }, place('copy'));
    const path = 'arn%3Aaws%3As3%3Aeu-west-1%3A111122223333%3Aaccesspoint/reports/object/a%20b/c';
    assert.deepEqual(sent.at(-1), ['CopyObjectCommand', path]);
  });

  it('expects the owners of both buckets, also for the instruction file', async () => {
    await s3.put({ ...place('owned'), Body: 'x' }, { storage });
    const owners = async (call) => {
      bucket.proxy.reset();
      await call();
      const header =
        (name) =>
        ({ headers }) =>
          headers[name];
      const copies = bucket.proxy.log.filter(header('x-amz-copy-source'));
      return ['source-', ''].map((side) =>
        copies.map(header(`x-amz-${side}expected-bucket-owner`)),
      );
    };
    // moto does not compare them.
    const from = { ...place('owned'), ExpectedBucketOwner: '111111111111' };
    const to = { ...place('owned-copy'), ExpectedBucketOwner: '222222222222' };
    const [sources, targets] = await owners(() => s3.copy(from, to));
    assert.deepEqual(sources, Array(2).fill('111111111111'));
    assert.deepEqual(targets, Array(2).fill('222222222222'));
    const none = await owners(() => s3.copy(place('owned'), place('owned-copy')));
    assert.deepEqual(none, Array(2).fill(Array(2).fill(undefined)));
  });

  it('leaves the target as it was if S3 refuses the object, and is repeated if it lost the file', async () => {
    await s3.put({ ...place('source'), Body: 'new' }, { encryptionContext, storage });
    await s3.put({ ...place('target'), Body: 'old' }, { encryptionContext, storage });
    const copy = (more) => s3.copy(place('source'), { ...place('target'), ...more });
    // moto copies without looking at the condition.
    bucket.proxy.fault = ({ name, key, headers }) =>
      name === 'CopyObject' && key === 'target' && headers['if-none-match'] && { status: 412 };
    const is412 = ({ $metadata }) => $metadata.httpStatusCode === 412;
    await assert.rejects(copy({ IfNoneMatch: '*' }), is412);
    assert.equal(await read(s3, 'target'), 'old');
    await rejection(copy({ IfMatch: '"x"' }), 'INVALID_ARGUMENT');
    assert.equal(await read(s3, 'target'), 'old');
    bucket.proxy.fault = ({ name, key }) =>
      name === 'CopyObject' && key === 'target.instruction' && { status: 403 };
    await assert.rejects(copy(), ({ $metadata }) => $metadata.httpStatusCode === 403);
    bucket.proxy.reset();
    await copy();
    assert.equal(await read(s3, 'target'), 'new');
  });

  it('copies an old version, unless nobody can tell which instruction file is its own', async () => {
    const versions = { Bucket: `${Bucket}-versions` };
    await bucket.send('CreateBucket', versions);
    const VersioningConfiguration = { Status: 'Enabled' };
    await bucket.send('PutBucketVersioning', { ...versions, VersioningConfiguration });
    const old = async (Key, options) => {
      const { VersionId } = await s3.put({ ...versions, Key, Body: 'old' }, options);
      await s3.put({ ...versions, Key, Body: 'new' }, options);
      return { ...versions, Key, VersionId };
    };
    await s3.copy(await old('object'), place('old-version'));
    assert.equal(await read(s3, 'old-version', {}), 'old');
    const withFile = await old('with-file', { storage });
    await rejection(s3.copy(withFile, place('old-file')), 'INVALID_ARGUMENT');
  });

  describe('of more than one request takes', () => {
    const MEBIBYTE = 1024 * 1024;
    const limits = { request: 6 * MEBIBYTE, part: 5 * MEBIBYTE };
    const content = randomBytes(12 * MEBIBYTE);
    let store;
    before(async () => {
      store = new ObjectStore({ client: bucket.client, keyring });
      const input = {
        ...{ ...place('long'), Body: content, Metadata: { by: 'me' }, Tagging: 'a=1&b=%C3%A4' },
        ...{ ContentType: 'a/b', CacheControl: 'no-store' },
      };
      await s3.put(input, { encryptionContext, storage });
    });
    const ExpectedBucketOwner = '123456789012';
    const copy = (to, signal) =>
      copyObject(store, { ...place('long'), ExpectedBucketOwner }, to, signal, limits);
    const tagsOf = async (Key) => (await bucket.send('GetObjectTagging', place(Key))).TagSet;

    it('takes parts of it as it was looked at, and what CopyObject would take along', async () => {
      bucket.proxy.reset();
      await copy(place('long-copy'));
      const parts = bucket.proxy.log.filter(({ name }) => name === 'UploadPart');
      const [original, copied] = [await bucket.stored('long'), await bucket.stored('long-copy')];
      assert.deepEqual(
        parts
          .sort((a, b) => a.part - b.part)
          .map(({ headers }) => headers['x-amz-copy-source-range']),
        // The last one has the tag, too.
        ['bytes=0-5242879', 'bytes=5242880-10485759', 'bytes=10485760-12582927'],
      );
      assert.ok(
        parts.every(({ headers }) => headers['x-amz-copy-source-if-match'] === original.ETag),
      );
      const owner = 'x-amz-source-expected-bucket-owner';
      assert.ok(parts.every(({ headers }) => headers[owner] === ExpectedBucketOwner));
      assert.ok(copied.body.equals(original.body));
      for (const name of ['Metadata', 'ContentType', 'CacheControl']) {
        assert.deepEqual(copied[name], original[name]);
      }
      assert.deepEqual(await tagsOf('long-copy'), await tagsOf('long'));
      const { body } = await s3.get(place('long-copy'), { encryptionContext });
      assert.ok(body.equals(content));
    });

    it('keeps what the encryption needs where the rest is replaced', async () => {
      const replacing = { MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE' };
      const given = { Metadata: { new: '2' }, ContentType: 'c/d', Tagging: 'c=3' };
      await copy({ ...place('long-new'), ...replacing, ...given });
      const { Metadata, ContentType, CacheControl } = await bucket.stored('long-new');
      assert.deepEqual([Metadata.by, Metadata.new], [undefined, '2']);
      assert.deepEqual([ContentType, CacheControl], ['c/d', undefined]);
      assert.deepEqual(await tagsOf('long-new'), [{ Key: 'c', Value: '3' }]);
      const { body } = await s3.get(place('long-new'), { encryptionContext });
      assert.ok(body.equals(content));
    });

    it('leaves the target as it was if S3 does not complete the upload', async () => {
      await s3.put({ ...place('long-target'), Body: 'old' }, { encryptionContext, storage });
      bucket.proxy.fault = ({ name }) => name === 'CompleteMultipartUpload' && { status: 412 };
      const refused = copy({ ...place('long-target'), IfNoneMatch: '*' });
      await assert.rejects(refused, ({ $metadata }) => $metadata.httpStatusCode === 412);
      bucket.proxy.reset();
      assert.equal(await read(s3, 'long-target'), 'old');
    });

    it('leaves no part if one fails, or the signal fires', async () => {
      const stop = new AbortController();
      for (const [fault, signal, expected] of [
        [{ status: 403 }, undefined, ({ $metadata }) => $metadata.httpStatusCode === 403],
        [() => stop.abort(), stop.signal, { code: 'ERR_ENVELOPE_ABORTED' }],
      ]) {
        bucket.proxy.fault = ({ name, part }) => name === 'UploadPart' && part === 2 && fault;
        await assert.rejects(copy(place('long-failed'), signal), expected);
        bucket.proxy.reset();
        await assert.rejects(bucket.stored('long-failed'), { name: 'NoSuchKey' });
        assert.deepEqual(await bucket.uploads(), []);
      }
    });
  });
});
