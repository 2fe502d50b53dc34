'use strict';

const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { START_LENGTH, findWritten } = require('./lost-answers.js');
const { inParts } = require('./multipart-upload.js');
const { putWhole } = require('./put-whole.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {import('./multipart-upload.js').Description} Description */
/** @typedef {import('./multipart-upload.js').Part} Part */

/**
 * Encrypts a stream and uploads it by parts, or in one request if it makes no more than one part; resolves to
 * S3's answer. Nothing is visible before all is there; what fails is taken back.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {{
 *   encrypt: any, describe: () => Description, partLength: number, signal: AbortSignal | undefined,
 * }} options describe: what goes beside the body, once its first bytes have come
 */
async function uploadStream(store, input, { encrypt, describe, partLength, signal }) {
  const checksumAlgorithm = await store.checksumAlgorithm();
  const options = { describe, checksumAlgorithm, signal };
  return inParts(store, input, options, async (upload, stopped) => {
    const source = input.Body instanceof Readable ? input.Body : Readable.from(input.Body);
    const written = { start: Buffer.alloc(0), length: 0 };
    const send = (/** @type {AsyncIterable<Uint8Array>} */ chunks) =>
      upload.send(noted(parts(chunks, partLength), written));
    const onlyPart = await pipeline(source, encrypt, send, { signal: stopped });
    if (onlyPart === undefined) {
      return upload.complete(() => findWritten(store, input, written), signal);
    }
    return putWhole(store, input, { ...describe(), body: onlyPart.fields.Body }, signal);
  });
}

/**
 * Yields the chunks joined into parts of one length, of which the last may be shorter. Each has memory of
 * its own.
 *
 * @param {AsyncIterable<Uint8Array>} chunks
 * @param {number} length
 * @returns {AsyncGenerator<Part, void>}
 */
async function* parts(chunks, length) {
  let part = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      if (filled === length) {
        yield partOf(part, false);
        part = Buffer.allocUnsafeSlow(length);
        filled = 0;
      }
      const piece = chunk.subarray(at, at + length - filled);
      part.set(piece, filled);
      filled += piece.length;
      at += piece.length;
    }
  }
  yield partOf(part.subarray(0, filled), true);
}

/**
 * Yields parts, and notes what tells the object of them all from others.
 *
 * @param {AsyncIterable<Part>} source
 * @param {import('./lost-answers.js').Written} written
 */
async function* noted(source, written) {
  for await (const part of source) {
    const { Body } = part.fields;
    if (written.length === 0) written.start = Buffer.from(Body.subarray(0, START_LENGTH));
    written.length += Body.length;
    yield part;
  }
}

/**
 * @param {Buffer} bytes the client sends them again, as they are, where it tries again
 * @param {boolean} isLast
 * @returns {Part}
 */
function partOf(bytes, isLast) {
  return { command: 'UploadPartCommand', fields: { Body: bytes }, isLast };
}

module.exports = { uploadStream };
