'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, it } = require('node:test');
const { Envelope, RawAesKeyring } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { Bucket, startBucket } = require('../support/s3-bucket');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

describe('EncryptedS3.copy and rewrap (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme', größe: '鍵' };
  const storage = 'instructionFile';
  let bucket, keyring, s3;
  before(async () => {
    bucket = await startBucket();
    keyring = await bucket.newKeyring();
    s3 = new EncryptedS3({ client: bucket.client, keyring });
  });
  afterEach(() => bucket?.proxy.reset());
  after(() => bucket?.stop());

  const place = (Key) => ({ Bucket, Key });
  const fileOf = async (Key) => JSON.parse((await bucket.stored(`${Key}.instruction`)).body);
  const read = async (store, Key, context = encryptionContext) =>
    String((await store.get(place(Key), { encryptionContext: context })).body);

  describe('copy', () => {
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
      const messages = new EncryptedS3({
        client: bucket.client,
        envelope: new Envelope({ keyring }),
      });
      await messages.put({ ...place('message'), Body: 'text' }, { encryptionContext });
      await messages.copy(place('message'), place('message-copy'));
      assert.equal(await read(messages, 'message-copy'), 'text');
    });

    it('keeps what the encryption needs where the metadata are replaced, also in place', async () => {
      await s3.put(
        { ...place('meta'), Body: 'text', Metadata: { old: '1' } },
        { encryptionContext, storage },
      );
      const replacing = { MetadataDirective: 'REPLACE', Metadata: { new: '2' } };
      await s3.copy(place('meta'), { ...place('meta'), ...replacing });
      const { Metadata } = await bucket.stored('meta');
      assert.deepEqual([Metadata.old, Metadata.new], [undefined, '2']);
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
      const expected = ['looked-at.instruction', 'looked-at'].map(async (Key) => {
        return [`${Key.replace('at', 'at-copy')}`, (await bucket.stored(Key)).ETag];
      });
      assert.deepEqual(
        copies.map(({ key, headers }) => [key, headers['x-amz-copy-source-if-match']]),
        await Promise.all(expected),
      );
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
  });

  describe('rewrapInstructionFile', () => {
    for (const format of ['V2', 'V3']) {
      it(`wraps the data key of ${format} again, under another key and context`, async () => {
        const old = format === 'V2' && { commitmentPolicy: 'forbidEncryptAllowDecrypt' };
        const { client } = bucket;
        const to = await bucket.newKeyring();
        const before = new EncryptedS3({ client, keyring, ...old });
        const after = new EncryptedS3({ client, keyring: to, ...old });
        const Key = `rewrapped-${format}`;
        await before.put({ ...place(Key), Body: 'text' }, { encryptionContext, storage });
        const original = await bucket.stored(Key);
        const newEncryptionContext = { owner: 'Ümläut "€"' };
        const options = { encryptionContext, to, newEncryptionContext };
        bucket.proxy.reset();
        await before.rewrapInstructionFile(place(Key), options);
        const written = bucket.proxy.log.filter(({ name }) => /Put|Copy|Delete/.test(name));
        assert.deepEqual(
          written.map(({ key }) => key),
          [`${Key}.instruction`],
        );
        assert.deepEqual((await bucket.stored(Key)).ETag, original.ETag);
        assert.equal(await read(after, Key, newEncryptionContext), 'text');
        await rejection(read(after, Key), 'CONTEXT_MISMATCH');
        await assert.rejects(read(before, Key, newEncryptionContext));
        const text = String((await bucket.stored(`${Key}.instruction`)).body);
        assert.match(text, /^[ -~]*$/);
      });
    }

    it('changes the key alone, or the context alone', async () => {
      await s3.put({ ...place('alone'), Body: 'text' }, { encryptionContext, storage });
      const newEncryptionContext = { tenant: 'other' };
      await s3.rewrapInstructionFile(place('alone'), { encryptionContext, newEncryptionContext });
      assert.equal(await read(s3, 'alone', newEncryptionContext), 'text');
      const to = await bucket.newKeyring();
      const options = { encryptionContext: newEncryptionContext, to };
      await s3.rewrapInstructionFile(place('alone'), options);
      const after = new EncryptedS3({ client: bucket.client, keyring: to });
      assert.equal(await read(after, 'alone', newEncryptionContext), 'text');
    });

    it('asks KMS to wrap it again, so that the data key does not leave KMS for that', async () => {
      await s3.put({ ...place('inside'), Body: 'text' }, { storage });
      await bucket.moto.clearRequests();
      await s3.rewrapInstructionFile(place('inside'), { to: await bucket.newKeyring() });
      const targets = (await bucket.moto.requests()).flatMap(({ service, target }) =>
        service === 'kms' ? [target] : [],
      );
      assert.deepEqual(targets, ['TrentService.Decrypt', 'TrentService.ReEncrypt']);
    });

    it('keeps the file’s metadata, and what other clients have put into it', async () => {
      await s3.put({ ...place('more'), Body: 'text' }, { storage });
      const fields = { ...(await fileOf('more')), 'x-other': 'kept' };
      const Metadata = { 'x-amz-crypto-instr-file': '' };
      const file = { ...place('more.instruction'), ContentType: 'application/json' };
      await bucket.send('PutObject', { ...file, Metadata, Body: JSON.stringify(fields) });
      await s3.rewrapInstructionFile(place('more'), { newEncryptionContext: { a: 'b' } });
      const written = await bucket.stored('more.instruction');
      assert.deepEqual([written.ContentType, written.Metadata], ['application/json', Metadata]);
      assert.equal((await fileOf('more'))['x-other'], 'kept');
    });

    it('leaves a file that another has written meanwhile', async () => {
      await s3.put({ ...place('raced'), Body: 'text' }, { storage });
      const other = await fileOf('raced');
      const to = await bucket.newKeyring();
      const Body = JSON.stringify({ ...other, more: 'x' });
      bucket.proxy.fault = ({ name, key }) =>
        name === 'GetObject' &&
        key === 'raced.instruction' &&
        (() => bucket.send('PutObject', { ...place(key), Body }));
      const rewrap = s3.rewrapInstructionFile(place('raced'), { to });
      await assert.rejects(rewrap, { name: 'PreconditionFailed' });
      bucket.proxy.reset();
      assert.equal((await fileOf('raced')).more, 'x');
      assert.equal(await read(s3, 'raced', {}), 'text');
    });

    it('writes nothing for an object that it cannot open, or whose data key KMS does not wrap', async () => {
      const { client } = bucket;
      const to = await bucket.newKeyring();
      await s3.put({ ...place('closed'), Body: 'text' }, { encryptionContext, storage });
      const rewrap = (Key, options, store = s3) => store.rewrapInstructionFile(place(Key), options);
      await rejection(rewrap('closed', { to }), 'CONTEXT_MISMATCH');
      const wrong = new EncryptedS3({ client, keyring: to });
      await assert.rejects(rewrap('closed', { to: keyring, encryptionContext }, wrong));
      const file = await fileOf('closed');
      await s3.put({ ...place('inside-object'), Body: 'x' });
      await rejection(rewrap('inside-object', { to }), 'UNSUPPORTED_MESSAGE');
      const wrappingKey = Buffer.alloc(32, 1);
      const aes = new RawAesKeyring({ keyNamespace: 'n', keyName: 'k', wrappingKey });
      const raw = new EncryptedS3({ client, keyring: aes });
      await raw.put({ ...place('aes'), Body: 'x' }, { storage });
      await rejection(rewrap('aes', { to }, raw), 'UNSUPPORTED_MESSAGE');
      await rejection(rewrap('closed', { to: aes, encryptionContext }), 'INVALID_ARGUMENT');
      assert.deepEqual(await fileOf('closed'), file);
    });

    it('tells what is wrong with a call', async () => {
      const { client } = bucket;
      const rewrap = (options, more) =>
        s3.rewrapInstructionFile({ ...place('k'), ...more }, options);
      await rejection(rewrap(undefined), 'INVALID_ARGUMENT');
      await rejection(rewrap({ to: 'alias/x' }), 'INVALID_ARGUMENT');
      await rejection(rewrap({ to: keyring }, { VersionId: 'v' }), 'INVALID_ARGUMENT');
      const messages = new EncryptedS3({ client, envelope: new Envelope({ keyring }) });
      await rejection(
        messages.rewrapInstructionFile(place('k'), { to: keyring }),
        'INVALID_ARGUMENT',
      );
      const newEncryptionContext = { 'aws:x-amz-cek-alg': '115' };
      await rejection(rewrap({ newEncryptionContext }), 'INVALID_ARGUMENT');
    });
  });
});
