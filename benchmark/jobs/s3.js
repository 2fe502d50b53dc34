'use strict';

// `s3.js PARTY OPERATION FILE ENDPOINT KEY_ARN`: puts a file into S3, or gets what the party has put, in a
// process of its own. Prints, as JSON, the nanoseconds it took and by how much the peak of its memory rose.
const fs = require('node:fs');
const { Module } = require('node:module');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');

const { ROOT } = require('../../scripts/prepare');
const { startClock } = require('../lib/clock');
const { CONTEXT, MIB } = require('../lib/keys');
const { peakMemory } = require('../lib/memory');

// The examples have AWS's client; Node.js 20 would be told to be old by it.
process.env.NODE_PATH = path.join(ROOT, 'examples', 'node_modules');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
Module._initPaths();
// Also for AWS's client alone: V8 collects garbage far more often in a heap of more than 8 MiB, and that of the
// SDK by itself is just below.
const { AwsKmsKeyring, Envelope } = require('../..');
const { EncryptedS3 } = require('../../integrations/s3');

const [, , party, operation, file, endpoint, keyId] = process.argv;
const Bucket = 'benchmark';
const place = { Bucket, Key: party };
/** As many bytes, and as many parts at a time, as our own uploads have. */
const PARTS = { partSize: 8 * MIB, queueSize: 4 };

async function main() {
  const sdk = require('@aws-sdk/client-s3');
  const region = 'us-east-1';
  const client = new sdk.S3Client({ endpoint, region, forcePathStyle: true });
  if (operation === 'begin') {
    await client.send(new sdk.CreateBucketCommand({ Bucket }));
    return console.log('{}');
  }
  const { put, get, getFile } = party === 'client-s3' ? plain(sdk, client) : encrypted(client);
  const copy = `${file}.copy`;
  fs.rmSync(copy, { force: true });
  const before = peakMemory();
  const clock = startClock();
  if (operation === 'put') await put(fs.createReadStream(file));
  else if (operation === 'get') await drain(await get(), fs.statSync(file).size);
  else await getFile(copy);
  const elapsed = clock();
  console.log(JSON.stringify({ elapsed, rise: peakMemory() - before }));
}

function plain(sdk, client) {
  const { Upload } = require('@aws-sdk/lib-storage');
  const get = async () => (await client.send(new sdk.GetObjectCommand(place))).Body;
  return {
    put: (Body) => new Upload({ client, params: { ...place, Body }, ...PARTS }).done(),
    get,
    getFile: async (copy) => pipeline(await get(), fs.createWriteStream(copy)),
  };
}

function encrypted(client) {
  const keyring = new AwsKmsKeyring({ keyId, endpoint });
  const isMessage = party.includes('message');
  const key = isMessage ? { envelope: new Envelope({ keyring }) } : { keyring };
  const s3 = new EncryptedS3({ client, ...key });
  const options = { encryptionContext: CONTEXT };
  return {
    put: (Body) => s3.put({ ...place, Body }, options),
    get: async () => (await s3.getStream(place, options)).stream,
    getFile: (copy) => s3.getFile(place, copy, options),
  };
}

async function drain(stream, expected) {
  let length = 0;
  for await (const chunk of stream) length += chunk.length;
  if (length !== expected) throw new Error(`${length} bytes, not ${expected}`);
}

main();
