'use strict';

const assert = require('node:assert/strict');
const { generateKeyPairSync, randomBytes } = require('node:crypto');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { RawRsaKeyring } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { flipLastByte } = require('../support/edits');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { casesOf, json, keyringOf, objectOf, sha256 } = require('../support/s3-objects');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const VECTORS = path.join(__dirname, '..', '..', 'tests', 'vectors', 's3');
const LEGACY = {
  commitmentPolicy: 'requireEncryptAllowDecrypt',
  legacyWrapping: true,
  legacyContent: true,
};

describe('EncryptedS3.migrate (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme', größe: '鍵' };
  const partLength = 5 * 1024 * 1024;
  const large = randomBytes(partLength + 77);
  const bucket = temporaryBucket();
  let keyring, writerV2, reader, messages, current;
  before(() => {
    const { client, envelope } = bucket;
    ({ keyring, writerV2, messages, both: current } = bucket);
    reader = new EncryptedS3({ client, keyring, envelope, ...LEGACY });
  });

  const putV2 = (Key, Body = 'text', more = {}, options = {}) =>
    writerV2.put({ ...place(Key), Body, ...more }, { encryptionContext, ...options });
  const read = async (Key) => (await current.get(place(Key), { encryptionContext })).body;

  const sides = { V3: () => reader, message: () => messages };
  for (const [to, side] of Object.entries(sides)) {
    for (const storage of ['metadata', 'instructionFile']) {
      it(`turns V2, its data key in the ${storage}, into ${to}; a second time it leaves it`, async () => {
        const Key = `${to}/${storage}`;
        await putV2(Key, large, {}, { storage });
        const options = { to: side(), encryptionContext, partLength };
        assert.deepEqual(await reader.migrate(place(Key), options), {
          ...{ status: 'migrated', from: 'V2', to, plaintextLength: large.length },
        });
        assert.ok((await read(Key)).equals(large));
        assert.deepEqual(await bucket.keys(Key), [Key]);
        const { ETag } = await bucket.stored(Key);
        const again = await reader.migrate(place(Key), options);
        assert.deepEqual([again.status, again.from], ['unchanged', to]);
        assert.equal((await bucket.stored(Key)).ETag, ETag);
      });
    }
  }

  it('reads what other clients wrote under AES and RSA keys, and writes V3 under KMS', async () => {
    const published = json(VECTORS, 'keys').keys;
    const isOne = ({ result, format, keyring: { type } }) =>
      result === 'ok' && format !== 'V3' && type.startsWith('raw-');
    const cases = casesOf(VECTORS, ['ruby', 'java', 'crafted']).filter(isOne);
    const kinds = new Map(
      cases.map((item) => [`${item.format} ${item.keyring.type} ${!item.instruction}`, item]),
    );
    assert.equal(kinds.size, 8);
    for (const [Key, item] of kinds) {
      const { body, metadata, instructionFile } = objectOf(VECTORS, item);
      await bucket.send('PutObject', { ...place(Key), Body: body, Metadata: metadata });
      if (instructionFile !== undefined) {
        await bucket.send('PutObject', { ...place(`${Key}.instruction`), Body: instructionFile });
      }
      const old = new EncryptedS3({
        ...{ client: bucket.client, keyring: keyringOf(item.keyring, published), ...LEGACY },
      });
      const newEncryptionContext = encryptionContext;
      const { status, from } = await old.migrate(place(Key), { to: current, newEncryptionContext });
      assert.deepEqual([status, from], ['migrated', item.format], item.id);
      assert.equal(sha256(await read(Key)), item.plaintext_sha256, item.id);
      assert.deepEqual(await bucket.keys(Key), [Key]);
    }
  });

  it('keeps metadata, headers, tags and storage class, and drops the old format’s names', async () => {
    await putV2('kept', 'text', {
      ...{ ContentType: 'text/plain; charset=utf-8', CacheControl: 'no-store' },
      ...{ ContentDisposition: 'attachment', ContentLanguage: 'de', ContentEncoding: 'x-none' },
      ...{
        Metadata: { by: 'me', constructor: 'x' },
        Tagging: 'a%3Db=c%3Dd&e=f+g',
        StorageClass: 'STANDARD_IA',
      },
    });
    const old = await bucket.stored('kept');
    await reader.migrate(place('kept'), { encryptionContext });
    const stored = await bucket.stored('kept');
    for (const name of ['ContentType', 'CacheControl', 'ContentDisposition', 'StorageClass']) {
      assert.ok(old[name]);
      assert.equal(stored[name], old[name]);
    }
    assert.deepEqual([stored.ContentLanguage, stored.ContentEncoding], ['de', 'x-none']);
    const names = [
      'by',
      'constructor',
      ...['3', 'c', 'd', 'i', 't', 'w'].map((end) => `x-amz-${end}`),
    ];
    assert.deepEqual(Object.keys(stored.Metadata).sort(), names);
    const { TagSet } = await bucket.send('GetObjectTagging', place('kept'));
    assert.deepEqual(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value])), {
      ...{ 'a=b': 'c=d', e: 'f g' },
    });
  });

  it('keeps the pairs of a message, changes them, or takes those that each object names', async () => {
    await messages.put({ ...place('pairs'), Body: 'text' }, { encryptionContext });
    await reader.migrate(place('pairs'), { encryptionContext: { tenant: 'acme' } });
    assert.equal(String(await read('pairs')), 'text');
    await putV2('other-pairs');
    const seen = [];
    await reader.migrate(place('other-pairs'), {
      encryptionContext: (encryption) => (seen.push(encryption.format), encryptionContext),
      newEncryptionContext: { now: 'other' },
    });
    assert.deepEqual(seen, ['V2']);
    const options = { encryptionContext: { now: 'other' } };
    assert.equal(String((await current.get(place('other-pairs'), options)).body), 'text');
  });

  const refused = {
    'another encryption context': [{ encryptionContext: { tenant: 'x' } }, 'CONTEXT_MISMATCH'],
    'a policy that forbids to read it': [
      { from: () => current, encryptionContext },
      'COMMITMENT_POLICY',
    ],
    'a target that is none': [{ to: {}, encryptionContext }, 'INVALID_ARGUMENT'],
    'a target that writes V2': [{ to: 'V2', encryptionContext }, 'INVALID_ARGUMENT'],
  };
  for (const [what, [{ from, to, ...options }, code]] of Object.entries(refused)) {
    it(`writes nothing for ${what}`, async () => {
      await putV2('refused');
      const { ETag } = await bucket.stored('refused');
      const side = to === 'V2' ? { to: writerV2 } : { ...(to && { to }) };
      bucket.proxy.reset();
      const store = from?.() ?? reader;
      await rejection(store.migrate(place('refused'), { ...options, ...side }), code);
      assert.deepEqual(
        bucket.proxy.log.filter(({ name }) => /Put|Upload|Delete/.test(name)),
        [],
      );
      assert.equal((await bucket.stored('refused')).ETag, ETag);
    });
  }

  for (const [size, data] of [
    ['short', Buffer.from('text')],
    ['long', large],
  ]) {
    it(`leaves a ${size} object as it is whose last byte was changed, and its file`, async () => {
      await putV2('changed', data, {}, { storage: 'instructionFile' });
      const { body, Metadata } = await bucket.stored('changed');
      await bucket.send('PutObject', { ...place('changed'), Body: flipLastByte(body), Metadata });
      const migrate = reader.migrate(place('changed'), { encryptionContext, partLength });
      await rejection(migrate, 'AUTHENTICATION_FAILED');
      assert.ok((await bucket.stored('changed')).body.equals(flipLastByte(body)));
      assert.deepEqual(await bucket.keys('changed'), ['changed', 'changed.instruction']);
      assert.deepEqual(await bucket.uploads(), []);
    });
  }

  it('leaves a message as it is that was changed behind its first frames', async () => {
    await messages.put({ ...place('cut'), Body: large }, { encryptionContext });
    const { body, Metadata } = await bucket.stored('cut');
    await bucket.send('PutObject', { ...place('cut'), Body: flipLastByte(body), Metadata });
    const migrate = reader.migrate(place('cut'), { encryptionContext, partLength });
    await rejection(migrate, 'AUTHENTICATION_FAILED');
    assert.ok((await bucket.stored('cut')).body.equals(flipLastByte(body)));
    assert.deepEqual(await bucket.uploads(), []);
  });

  it('replaces nothing if what it made cannot be read back', async () => {
    await putV2('unreadable');
    const { Metadata } = await bucket.stored('unreadable');
    const { publicKey } = generateKeyPairSync('rsa', {
      ...{ modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' } },
    });
    const names = { keyNamespace: 'n', keyName: 'k', padding: 'oaep-sha256' };
    const wrapOnly = new RawRsaKeyring({ ...names, publicKey });
    const to = new EncryptedS3({ client: bucket.client, keyring: wrapOnly });
    const options = { to, encryptionContext, newEncryptionContext: {} };
    await rejection(reader.migrate(place('unreadable'), options), 'NO_USABLE_KEY');
    await to.put({ ...place('wrapped'), Body: 'text' });
    assert.deepEqual((await bucket.stored('unreadable')).Metadata, Metadata);
  });

  it('completes an upload by parts only over the object that it read', async () => {
    // moto completes without looking at this.
    await putV2('parts', large);
    const { ETag } = await bucket.stored('parts');
    await reader.migrate(place('parts'), { encryptionContext, partLength });
    const { headers } = bucket.proxy.log.find(({ name }) => name === 'CompleteMultipartUpload');
    assert.equal(headers['if-match'], ETag);
  });

  it('verifies all of it in a dry run, and writes nothing', async () => {
    await putV2('dry', large, {}, { storage: 'instructionFile' });
    const migrate = () => reader.migrate(place('dry'), { encryptionContext, dryRun: true });
    bucket.proxy.reset();
    assert.deepEqual(await migrate(), {
      ...{ status: 'checked', from: 'V2', to: 'V3', plaintextLength: large.length },
    });
    assert.ok(bucket.proxy.log.every(({ name }) => /Head|Get/.test(name)));
    const { body, Metadata } = await bucket.stored('dry');
    await bucket.send('PutObject', { ...place('dry'), Body: flipLastByte(body), Metadata });
    await rejection(migrate(), 'AUTHENTICATION_FAILED');
  });

  it('deletes an instruction file once its object does without, and no other file', async () => {
    const storage = 'instructionFile';
    await putV2('swept', 'text', {}, { storage });
    const file = place('swept.instruction');
    const status = async (Key, options) =>
      (await reader.migrate({ ...place(Key) }, { encryptionContext, ...options })).status;
    assert.equal(await status(file.Key), 'instructionFile');
    // As a process leaves it that ends before the file is deleted.
    bucket.proxy.fault = ({ name }) => name === 'DeleteObject' && { status: 403 };
    const interrupted = reader.migrate(place('swept'), { to: messages, encryptionContext });
    await assert.rejects(interrupted, ({ $metadata }) => $metadata.httpStatusCode === 403);
    bucket.proxy.reset();
    assert.equal(String(await read('swept')), 'text');
    assert.equal(await status(file.Key, { dryRun: true }), 'removed');
    assert.deepEqual(await bucket.keys('swept'), ['swept', file.Key]);
    assert.equal(await status(file.Key), 'removed');
    assert.deepEqual(await bucket.keys('swept'), ['swept']);
    await putV2('an.instruction');
    assert.equal(await status('an.instruction'), 'migrated');
    await bucket.send('PutObject', { ...place('lone.instruction'), Body: '{"x-amz-iv":"x"}' });
    assert.equal(await status('lone.instruction'), 'instructionFile');
    await bucket.send('PutObject', { ...place('no.instruction'), Body: '{"a":"b"}' });
    await rejection(reader.migrate(place('no.instruction')), 'MALFORMED_MESSAGE');
  });

  it('leaves an instruction file that was written after its object, which another is replacing', async () => {
    await messages.put({ ...place('replaced'), Body: 'text' }, { encryptionContext });
    await reader.migrate(place('replaced'), { encryptionContext });
    const Body = '{"x-amz-key-v2":"of the object that is on its way"}';
    const { LastModified } = await bucket.stored('replaced');
    const file = place('replaced.instruction');
    // S3 tells the time in seconds.
    do await bucket.send('PutObject', { ...file, Body });
    while ((await bucket.stored(file.Key)).LastModified <= LastModified);
    assert.equal((await reader.migrate(file, { encryptionContext })).status, 'instructionFile');
    assert.deepEqual(await bucket.keys('replaced'), ['replaced', file.Key]);
  });

  it('takes a version only if it is the newest', async () => {
    const versions = { Bucket: `${Bucket}-versions`, Key: 'object' };
    await bucket.send('CreateBucket', { Bucket: versions.Bucket });
    const VersioningConfiguration = { Status: 'Enabled' };
    const { send } = bucket;
    await send('PutBucketVersioning', { Bucket: versions.Bucket, VersioningConfiguration });
    const { VersionId: old } = await writerV2.put({ ...versions, Body: 'old' });
    const { VersionId } = await writerV2.put({ ...versions, Body: 'new' });
    assert.equal((await reader.migrate({ ...versions, VersionId: old })).status, 'superseded');
    assert.equal((await reader.migrate({ ...versions, VersionId })).status, 'migrated');
    assert.equal(String((await current.get(versions)).body), 'new');
    const before = await reader.get({ ...versions, VersionId });
    assert.equal(String(before.body), 'new', 'the old version can still be read');
  });

  it('tells what is wrong with a call, or that nothing is there to migrate', async () => {
    const migrate = (more, options) => reader.migrate({ ...place('k'), ...more }, options);
    await rejection(migrate({ Range: 'bytes=0-1' }), 'INVALID_ARGUMENT');
    await rejection(migrate({}, { dryRun: 'yes' }), 'INVALID_ARGUMENT');
    await rejection(migrate({}, { partLength: 1 }), 'INVALID_ARGUMENT');
    await rejection(migrate({}, { unknown: 1 }), 'INVALID_ARGUMENT');
    await assert.rejects(migrate({}), { name: 'NotFound' });
    await bucket.send('PutObject', { ...place('plain'), Body: 'plain text' });
    await rejection(reader.migrate(place('plain')), 'MALFORMED_MESSAGE');
    await putV2('needs-keyring');
    await rejection(messages.migrate(place('needs-keyring')), 'INVALID_ARGUMENT');
  });
});
