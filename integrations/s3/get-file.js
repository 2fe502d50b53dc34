'use strict';

const { pipeline } = require('node:stream/promises');

const args = require('../../lib/input/index.js');
const { absolutePath } = require('../../lib/input/path.js');
const { throwIfAborted } = require('../../lib/calls/abort.js');
const { appendNewFile } = require('../../lib/native/new-file.js');
const { decryptAhead } = require('../../lib/s3-objects/decrypt-ahead.js');
const { verifiedStream } = require('../../lib/s3-objects/stream.js');
const { destroyOnFailure } = require('./body.js');
const { open } = require('./get.js');
const { callOptions, checkWhole } = require('./inputs.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {import('../../lib/native/new-file.js').Append} Append */

const OPTIONS = /** @type {const} */ (['encryptionContext', 'signal', 'overwrite']);

/**
 * Resolves to the answer of GetObject, with the length of the plaintext as `length`, once that is in a file: one
 * without a name until all has verified, so that it can be decrypted while it comes.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of GetObject
 * @param {unknown} destination
 * @param {unknown} options
 */
async function getObjectFile(store, input, destination, options) {
  checkWhole(input);
  const call = callOptions(options, OPTIONS);
  const overwrite = args.optionalBoolean(call.overwrite, 'overwrite') ?? false;
  const path = absolutePath(destination, 'the destination');
  throwIfAborted(call.signal);
  return appendNewFile(path, overwrite, async (append) => {
    const { output, reader } = await open(store, input, call);
    const length = await destroyOnFailure(output.Body, () =>
      reader
        ? decryptObject(reader, output, append, call.signal)
        : decryptMessage(store, output.Body, append, call),
    );
    throwIfAborted(call.signal);
    return { ...output, Body: undefined, length };
  });
}

/**
 * Decrypts an object of an S3 Encryption Client; resolves to the length of its plaintext.
 *
 * @param {import('../../binding').S3ObjectReader} reader
 * @param {Record<string, any>} output of GetObject
 * @param {Append} append
 * @param {AbortSignal | undefined} signal
 */
async function decryptObject(reader, { Body, ContentLength }, append, signal) {
  if (ContentLength !== undefined) return decryptAhead(reader, Body, ContentLength, append, signal);
  // Without its length, where the tag begins is known only at the end.
  const { stream, length } = await verifiedStream(reader, Body, signal);
  for await (const chunk of stream) await append(chunk);
  return length;
}

/**
 * Decrypts a message, frame by frame; resolves to the length of its plaintext.
 *
 * @param {ObjectStore} store
 * @param {import('node:stream').Readable} body
 * @param {Append} append
 * @param {Record<string, any>} call
 */
async function decryptMessage(store, body, append, { encryptionContext, signal }) {
  // Nobody sees the file before a signature at the end has verified.
  const signed = 'release-before-verified';
  const decrypt = store.envelope.decryptStream({ encryptionContext, signal, signed });
  let length = 0;
  await pipeline(body, decrypt, async (plaintext) => {
    for await (const chunk of plaintext) {
      length += chunk.length;
      await append(chunk);
    }
  });
  return length;
}

module.exports = { getObjectFile };
