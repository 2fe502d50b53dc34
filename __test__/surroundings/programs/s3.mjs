import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { RawAesKeyring } from 'kms-envelope';
import { EncryptedS3 } from 'kms-envelope/s3';

const wrappingKey = Buffer.alloc(32, 7);
const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'raw', wrappingKey });
const place = { Bucket: 'bucket', Key: 'key' };
let stored;

/** A client that keeps one object, and takes only commands of the package that this file imports. */
const client = {
  async send(command) {
    if (command instanceof PutObjectCommand) stored = command.input;
    else assert.ok(command instanceof GetObjectCommand);
    return { ...stored, Body: Readable.from([stored.Body]) };
  },
};

const s3 = new EncryptedS3({ client, keyring });
await s3.put({ ...place, Body: 'works' });
const { body } = await s3.get(place);
console.log(JSON.stringify({ outcome: String(body) }));
