'use strict';

const assert = require('node:assert/strict');
const { createCipheriv, generateKeyPairSync, randomBytes } = require('node:crypto');
const { before, describe, it } = require('node:test');
const { MultiKeyring, RawAesKeyring, RawRsaKeyring } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { place, temporaryBucket } = require('../support/temporary-bucket');

describe(
  'EncryptedS3.rewrapInstructionFile (moto)',
  { skip: skipWithout('python', 'examples') },
  () => {
    const encryptionContext = { tenant: 'acme', größe: '鍵' };
    const storage = 'instructionFile';
    const keyrings = {};
    const bucket = temporaryBucket();
    let keyring, s3;
    before(() => {
      ({ keyring, s3 } = bucket);
    });

    const fileOf = async (Key) => JSON.parse((await bucket.stored(`${Key}.instruction`)).body);
    const read = async (store, Key, context = encryptionContext) =>
      String((await store.get(place(Key), { encryptionContext: context })).body);

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
        await rejection(read(before, Key, newEncryptionContext), 'KMS_ACCESS_DENIED');
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

    it('keeps the file’s metadata, headers and tags, and what other clients have put into it', async () => {
      await s3.put({ ...place('more'), Body: 'text' }, { storage });
      const fields = { ...(await fileOf('more')), 'x-other': 'kept' };
      const Metadata = { 'x-amz-crypto-instr-file': '' };
      const file = { ...place('more.instruction'), ContentType: 'application/json' };
      const more = { CacheControl: 'no-store', Tagging: 'team=data&cost=a%20b' };
      await bucket.send('PutObject', { ...file, ...more, Metadata, Body: JSON.stringify(fields) });
      await s3.rewrapInstructionFile(place('more'), { newEncryptionContext: { a: 'b' } });
      const written = await bucket.stored('more.instruction');
      assert.deepEqual([written.ContentType, written.Metadata], ['application/json', Metadata]);
      assert.equal(written.CacheControl, 'no-store');
      const { TagSet } = await bucket.send('GetObjectTagging', place('more.instruction'));
      assert.deepEqual(
        TagSet.map(({ Key, Value }) => [Key, Value]),
        [
          ['team', 'data'],
          ['cost', 'a b'],
        ],
      );
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

    it('writes nothing for an object that it cannot open, or for a keyring that writes none', async () => {
      const { client } = bucket;
      const to = await bucket.newKeyring();
      await s3.put({ ...place('closed'), Body: 'text' }, { encryptionContext, storage });
      const rewrap = (Key, options, store = s3) => store.rewrapInstructionFile(place(Key), options);
      await rejection(rewrap('closed', { to }), 'CONTEXT_MISMATCH');
      const wrong = new EncryptedS3({ client, keyring: to });
      const rewrapped = rewrap('closed', { to: keyring, encryptionContext }, wrong);
      await rejection(rewrapped, 'KMS_ACCESS_DENIED');
      const file = await fileOf('closed');
      await s3.put({ ...place('inside-object'), Body: 'x' });
      await rejection(rewrap('inside-object', { to }), 'UNSUPPORTED_MESSAGE');
      await rejection(
        rewrap('closed', { to: keyrings.AES(), encryptionContext }),
        'INVALID_ARGUMENT',
      );
      const several = new MultiKeyring({ generator: keyrings.AES() });
      await rejection(rewrap('closed', { to: several, encryptionContext }), 'INVALID_ARGUMENT');
      assert.deepEqual(await fileOf('closed'), file);
    });

    describe('from one kind of key to another', () => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const names = { keyNamespace: 'n', keyName: 'k' };
      const padding = 'oaep-sha256';
      Object.assign(keyrings, {
        AES: () => new RawAesKeyring({ ...names, wrappingKey: randomBytes(32) }),
        RSA: () => new RawRsaKeyring({ ...names, padding, publicKey, privateKey }),
        KMS: () => bucket.newKeyring(),
      });

      for (const [format, from, to] of [
        ['V3', 'AES', 'AES'],
        ['V3', 'AES', 'RSA'],
        ['V3', 'RSA', 'KMS'],
        ['V3', 'KMS', 'AES'],
        ['V2', 'RSA', 'AES'],
        ['V2', 'AES', 'KMS'],
        ['V2', 'KMS', 'RSA'],
      ]) {
        it(`wraps the data key of ${format} again, from ${from} to ${to}`, async () => {
          const old = format === 'V2' && { commitmentPolicy: 'forbidEncryptAllowDecrypt' };
          const [first, second] = [await keyrings[from](), await keyrings[to]()];
          const open = (key) => new EncryptedS3({ client: bucket.client, keyring: key, ...old });
          const [before, after] = [open(first), open(second)];
          const Key = `${format}-${from}-${to}`;
          const contextOf = (kind) => (kind === 'KMS' ? encryptionContext : {});
          const given = { encryptionContext: contextOf(from) };
          await before.put({ ...place(Key), Body: 'text' }, { ...given, storage });
          const { 'x-amz-3': v3, 'x-amz-key-v2': v2 = v3 } = await fileOf(Key);
          const newEncryptionContext = contextOf(to);
          const options = { ...given, to: second, newEncryptionContext };
          await before.rewrapInstructionFile(place(Key), options);
          assert.equal(await read(after, Key, newEncryptionContext), 'text');
          const code = from === 'KMS' ? 'INVALID_ARGUMENT' : 'NO_USABLE_KEY';
          await rejection(read(before, Key, given.encryptionContext), code);
          const { encryption } = await after.head(place(Key));
          assert.equal(encryption.format, format);
          assert.deepEqual(
            encryption.encryptionContext,
            to === 'KMS' ? newEncryptionContext : undefined,
          );
          assert.ok(!JSON.stringify(await fileOf(Key)).includes(v2), 'the old data key is gone');
        });
      }

      it('asks that a context which nothing would authenticate any more is given up by name', async () => {
        await s3.put({ ...place('bound'), Body: 'text' }, { encryptionContext, storage });
        const to = keyrings.AES();
        const rewrap = (options) => s3.rewrapInstructionFile(place('bound'), options);
        const { message } = await rejection(rewrap({ encryptionContext, to }), 'INVALID_ARGUMENT');
        assert.match(message, /encryption context/);
        await rewrap({ encryptionContext, to, newEncryptionContext: {} });
        const after = new EncryptedS3({ client: bucket.client, keyring: to });
        assert.equal(await read(after, 'bound', {}), 'text');
      });

      it('leaves a data key that nothing binds to its content, which is to be migrated', async () => {
        const wrappingKey = randomBytes(32);
        const to = new RawAesKeyring({ ...names, wrappingKey });
        const old = { commitmentPolicy: 'requireEncryptAllowDecrypt', legacyWrapping: true };
        const legacy = new EncryptedS3({ client: bucket.client, keyring: to, ...old });
        const wrap = createCipheriv('id-aes256-wrap', wrappingKey, Buffer.alloc(8, 0xa6));
        const file = {
          'x-amz-key-v2': wrap.update(randomBytes(32)).toString('base64'),
          'x-amz-iv': randomBytes(12).toString('base64'),
          'x-amz-wrap-alg': 'AESWrap',
          'x-amz-cek-alg': 'AES/GCM/NoPadding',
          'x-amz-matdesc': '{}',
        };
        await bucket.send('PutObject', { ...place('unbound'), Body: randomBytes(17) });
        const Body = JSON.stringify(file);
        await bucket.send('PutObject', { ...place('unbound.instruction'), Body });
        const rewrap = legacy.rewrapInstructionFile(place('unbound'), { to });
        await rejection(rewrap, 'UNSUPPORTED_MESSAGE');
        assert.deepEqual(await fileOf('unbound'), file);
      });
    });

    it('tells what is wrong with a call', async () => {
      const rewrap = (options, more) =>
        s3.rewrapInstructionFile({ ...place('k'), ...more }, options);
      await rejection(rewrap(undefined), 'INVALID_ARGUMENT');
      await rejection(rewrap({ to: 'alias/x' }), 'INVALID_ARGUMENT');
      await rejection(rewrap({ to: keyring }, { VersionId: 'v' }), 'INVALID_ARGUMENT');
      await rejection(
        bucket.messages.rewrapInstructionFile(place('k'), { to: keyring }),
        'INVALID_ARGUMENT',
      );
      const newEncryptionContext = { 'aws:x-amz-cek-alg': '115' };
      await rejection(rewrap({ newEncryptionContext }), 'INVALID_ARGUMENT');
    });
  },
);
