'use strict';

const assert = require('node:assert/strict');
const { Readable } = require('node:stream');

const { EnvelopeError } = require('../..');
const { decryptS3Object, encryptS3Object } = require('../../integrations/s3');
const binding = require('../../lib/native/load');
const { openObject, readSettings } = require('../../lib/s3-objects/read');
const { verifiedStream } = require('../../lib/s3-objects/stream');
const { bytes, exact, keyring } = require('./envelopes');

const MIB = 1024 * 1024;

/** Objects of the S3 Encryption Clients, short and long, whole and streamed, right and changed. */
async function s3Objects() {
  for (const length of [0, 1, 16, 1000, MIB + 5]) {
    const data = bytes(length);
    const object = await encryptS3Object(data, { keyring, storage: 'instructionFile' });
    const body = exact(object.body);
    assert.deepEqual(await decryptS3Object({ ...object, body }, { keyring }), Buffer.from(data));
    await streamed(object, data);
    body[length >> 1] ^= 1;
    await assert.rejects(decryptS3Object({ ...object, body }, { keyring }), EnvelopeError);
  }
  await unauthenticated();
  await rewrapped();
  const wrong = { body: bytes(3), metadata: { 'x-amz-key': 'A' } };
  await assert.rejects(decryptS3Object(wrong, { keyring }), EnvelopeError);
  assert.equal(binding.S3ObjectMetadata.needsInstructionFile(['x-amz-iv']), true);
}

async function streamed({ body, metadata, instructionFile }, data) {
  const reader = await openObject(metadata, instructionFile, readSettings({ keyring }));
  const { stream } = await verifiedStream(reader, Readable.from([exact(body)]), undefined);
  assert.deepEqual(Buffer.concat(await stream.toArray()), Buffer.from(data));
}

async function unauthenticated() {
  const data = bytes(100);
  const { body, metadata } = await encryptS3Object(data, { keyring });
  const parsed = binding.S3ObjectMetadata.parse(Object.entries(metadata).flat(), undefined);
  assert.deepEqual(
    [parsed.format, parsed.contentAlgorithm, parsed.wrappingAlgorithm, parsed.description],
    ['V3', '115', 'AES/GCM', []],
  );
  const reader = await openObject(metadata, undefined, readSettings({ keyring }));
  reader.decryptUnauthenticated(17, 10);
  const output = exact(body.subarray(17, 27));
  assert.equal(reader.decrypt(output), 10);
  assert.deepEqual(Buffer.from(output), Buffer.from(data).subarray(17, 27));
}

async function rewrapped() {
  const object = await encryptS3Object(bytes(3), { keyring, storage: 'instructionFile' });
  const parsed = binding.S3ObjectMetadata.parse(
    Object.entries(object.metadata).flat(),
    object.instructionFile,
  );
  const { keyring: key, policy } = readSettings({ keyring });
  const changed = await parsed.rewrap(key, policy, [], key, [], undefined);
  const instructionFile = Object.fromEntries(changed);
  assert.notEqual(instructionFile['x-amz-3'], JSON.parse(object.instructionFile)['x-amz-3']);
  const { body, metadata } = object;
  const again = await decryptS3Object({ body, metadata, instructionFile }, { keyring });
  assert.deepEqual(again, Buffer.from(bytes(3)));
  await assert.rejects(
    parsed.rewrap(key, policy, ['a', 'b'], key, [], undefined),
    /ERR_ENVELOPE_INVALID_ARGUMENT.*under an AES or RSA key/,
  );
}

module.exports = { s3Objects };
