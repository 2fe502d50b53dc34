'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { after, before, describe, it } = require('node:test');
const { EncryptedS3 } = require('../../integrations/s3');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { takeSharedMemory } = require('../support/shared-memory');
const { place, temporaryBucket } = require('../support/temporary-bucket');
const { noOpenFiles } = require('../support/unnamed-files');

describe('a body that S3 sends (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme' };
  /** So short that half of it comes, and the connection breaks off, while KMS is asked. */
  const data = randomBytes(100_000);
  const bucket = temporaryBucket();
  let keyring, envelope, reader, writerV2;
  before(() => {
    ({ keyring, envelope, reader, writerV2 } = bucket);
  });

  const misuse = { encryptionContext: 5 };

  for (const storage of ['metadata', 'instructionFile']) {
    it(`that breaks off while KMS is asked fails the call alone: data key in the ${storage}`, async () => {
      // The runner fails a test with an exception that nobody has caught.
      const Key = `broken/${storage}`;
      await writerV2.put({ ...place(Key), Body: data }, { encryptionContext, storage });
      bucket.proxy.fault = ({ name, key }) => name === 'GetObject' && key === Key && 'cut';
      for (const call of ['get', 'getStream', 'migrate']) {
        const called = reader[call](place(Key), { encryptionContext });
        await assert.rejects(called, { code: 'ECONNRESET' }, call);
      }
      bucket.proxy.reset();
      const { body } = await reader.get(place(Key), { encryptionContext });
      assert.ok(body.equals(data));
    });
  }

  describe('holds no connection after a call that failed', () => {
    const SOCKETS = 2;
    let client;
    before(() => {
      const { S3Client } = require('@aws-sdk/client-s3');
      const { endpoint } = bucket.proxy;
      const requestHandler = { httpAgent: { maxSockets: SOCKETS } };
      client = new S3Client({
        ...{ endpoint, region: 'us-east-1', forcePathStyle: true, requestHandler },
      });
    });
    after(() => client?.destroy());

    // A call that no connection is free for would wait for ever.
    const signal = AbortSignal.timeout(20_000);
    const readWith = async (s3, Key) => {
      return (await s3.get(place(Key), { encryptionContext, signal })).body;
    };
    const failing = async (call, code) => {
      for (let i = 0; i <= SOCKETS; i++) await rejection(call(), code);
    };

    it('because get or getStream had wrong options: it is not even asked for', async () => {
      const messages = new EncryptedS3({ client, envelope });
      await messages.put({ ...place('message'), Body: data }, { encryptionContext });
      bucket.proxy.reset();
      await failing(
        () => messages.getStream(place('message'), { ...misuse, signal }),
        'INVALID_ARGUMENT',
      );
      await failing(
        () => messages.get(place('message'), { ...misuse, signal }),
        'INVALID_ARGUMENT',
      );
      assert.deepEqual(bucket.proxy.log, []);
      assert.ok((await readWith(messages, 'message')).equals(data));
    });

    it('because a migration may not read the tags', async () => {
      const s3 = new EncryptedS3({ client, keyring, envelope });
      const messages = new EncryptedS3({ client, envelope });
      // More than waits in buffers.
      const Body = randomBytes(2 * 1024 * 1024);
      const object = { ...place('tagged'), Body, Tagging: 'a=1' };
      await messages.put(object, { encryptionContext });
      const migrate = (options) =>
        s3.migrate(place('tagged'), { encryptionContext, signal, ...options });
      bucket.proxy.fault = ({ name }) => name === 'GetObjectTagging' && { status: 403 };
      for (let i = 0; i <= SOCKETS; i++) {
        await assert.rejects(migrate(), ({ $metadata }) => $metadata.httpStatusCode === 403);
      }
      bucket.proxy.reset();
      assert.ok((await readWith(s3, 'tagged')).equals(Body));
      assert.equal((await migrate()).status, 'migrated');
    });
  });

  describe('holds no connection while another request is made', () => {
    let client, s3;
    before(() => {
      const { S3Client } = require('@aws-sdk/client-s3');
      const { endpoint } = bucket.proxy;
      // As many calls at a time as a client has connections would wait for each other in the same way.
      const requestHandler = { httpAgent: { maxSockets: 1 } };
      client = new S3Client({
        ...{ endpoint, region: 'us-east-1', forcePathStyle: true, requestHandler },
      });
      s3 = new EncryptedS3({ client, keyring, envelope });
    });
    after(() => client?.destroy());

    const signal = AbortSignal.timeout(60_000);
    const options = { encryptionContext, signal };
    const MEBIBYTE = 1024 * 1024;

    for (const length of [0, 100_000, MEBIBYTE + 1]) {
      it(`for an instruction file, beside a body of ${length} bytes`, async () => {
        const Body = randomBytes(length);
        await s3.put({ ...place('beside'), Body }, { ...options, storage: 'instructionFile' });
        // A message that another program has put, which may have an instruction file.
        const message = await envelope.encrypt(Body, { encryptionContext });
        await bucket.send('PutObject', { ...place('unmarked'), Body: message });
        for (const Key of ['beside', 'unmarked']) {
          assert.ok((await s3.get(place(Key), options)).body.equals(Body), Key);
          const { stream } = await s3.getStream(place(Key), options);
          assert.ok(Buffer.concat(await stream.toArray()).equals(Body), Key);
        }
      });
    }

    it('to migrate a message in parts', async () => {
      const partLength = 5 * MEBIBYTE;
      const Body = randomBytes(partLength + 100_000);
      const messages = new EncryptedS3({ client, envelope });
      await messages.put({ ...place('parts'), Body }, options);
      const to = new EncryptedS3({ client, keyring });
      const given = { ...options, to, partLength };
      assert.equal((await s3.migrate(place('parts'), given)).status, 'migrated');
      const { body } = await to.get(place('parts'), options);
      assert.ok(body.equals(Body));
    });

    it('for an instruction file, and is not returned if the object is replaced meanwhile', async () => {
      const Body = randomBytes(MEBIBYTE + 1);
      const file = { ...options, storage: 'instructionFile' };
      await s3.put({ ...place('raced'), Body }, file);
      const direct = new EncryptedS3({ client: bucket.direct, keyring });
      bucket.proxy.fault = ({ name, key }) =>
        name === 'GetObject' &&
        key === 'raced.instruction' &&
        (() => direct.put({ ...place('raced'), Body: Buffer.alloc(Body.length) }, file));
      await assert.rejects(s3.get(place('raced'), options), { name: 'PreconditionFailed' });
    });
  });

  const LINUX = { skip: process.platform !== 'linux', timeout: 20_000 };
  it(
    'leaves no temporary file of a migration whose new encryption context is wrong',
    LINUX,
    async (t) => {
      const giveBack = await takeSharedMemory();
      t.after(giveBack);
      const { open } = fs.promises;
      // Held, so that the garbage collector does not close them.
      const files = [];
      t.mock.method(fs.promises, 'open', async (...args) => {
        files.push(await open(...args));
        return files.at(-1);
      });
      const Body = randomBytes(8 * 1024 * 1024);
      await writerV2.put({ ...place('long'), Body }, { encryptionContext });
      const to = bucket.messages;
      const options = { encryptionContext, newEncryptionContext: 5, to };
      await rejection(reader.migrate(place('long'), options), 'INVALID_ARGUMENT');
      await noOpenFiles();
      assert.equal(files.length, 1);
    },
  );
});
