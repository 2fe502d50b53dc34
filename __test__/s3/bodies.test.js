'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { after, afterEach, before, describe, it } = require('node:test');
const { Envelope } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { skipWithout } = require('../support/requirements');
const { Bucket, startBucket } = require('../support/s3-bucket');

describe('bodies that S3 sends (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme' };
  /** So short that half of it comes, and the connection breaks off, while KMS is asked. */
  const data = randomBytes(100_000);
  let bucket, keyring, envelope, reader, writerV2;
  before(async () => {
    bucket = await startBucket();
    keyring = await bucket.newKeyring();
    envelope = new Envelope({ keyring });
    const { client } = bucket;
    const commitmentPolicy = 'requireEncryptAllowDecrypt';
    reader = new EncryptedS3({ client, keyring, envelope, commitmentPolicy });
    writerV2 = new EncryptedS3({
      ...{ client, keyring, commitmentPolicy: 'forbidEncryptAllowDecrypt' },
    });
  });
  afterEach(() => bucket?.proxy.reset());
  after(() => bucket?.stop());

  const place = (Key) => ({ Bucket, Key });

  for (const storage of ['metadata', 'instructionFile']) {
    it(`may break off while KMS is asked, the data key in the ${storage}`, async () => {
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
});
