'use strict';

const { after, afterEach, before } = require('node:test');
const { AwsKmsKeyring, Envelope } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');
const { Bucket, startBucket } = require('./s3-bucket');

/**
 * Returns what `startBucket` does, for the tests of the suite that calls it: the bucket is there before they
 * run, its proxy forgets requests and faults after each of them, and it is gone at the end. It has a KMS key
 * (`keyId`), a keyring of that, and the stores of `storesOf`. All properties are set when the tests run.
 */
function temporaryBucket() {
  const bucket = {};
  before(async () => {
    Object.assign(bucket, await startBucket());
    const { client, moto } = bucket;
    const { arn: keyId } = await moto.createKey();
    const keyring = new AwsKmsKeyring({ keyId, endpoint: moto.endpoint });
    Object.assign(bucket, { keyId, keyring, ...storesOf(client, keyring) });
  });
  afterEach(() => bucket.proxy?.reset());
  after(() => bucket.stop?.());
  return bucket;
}

/** Returns an envelope of a keyring, and stores that use the keyring, the envelope, or both. */
function storesOf(client, keyring) {
  const envelope = new Envelope({ keyring });
  const open = (options) => new EncryptedS3({ client, ...options });
  return {
    envelope,
    /** Writes and reads objects of V3. */
    s3: open({ keyring }),
    /** Writes and reads messages of this package. */
    messages: open({ envelope }),
    /** Writes objects of V3, and reads messages, too. */
    both: open({ keyring, envelope }),
    /** Writes objects of V2. */
    writerV2: open({ keyring, commitmentPolicy: 'forbidEncryptAllowDecrypt' }),
    /** Reads objects of V2, too. */
    reader: open({ keyring, envelope, commitmentPolicy: 'requireEncryptAllowDecrypt' }),
  };
}

/** Returns where an object is: in the bucket, under a key. */
const place = (Key) => ({ Bucket, Key });

module.exports = { place, storesOf, temporaryBucket };
