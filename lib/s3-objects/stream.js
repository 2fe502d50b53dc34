'use strict';

const { Readable } = require('node:stream');

const { destroyOnAbort, throwIfAborted } = require('../calls/abort.js');
const { native } = require('../errors.js');
const { WaitingBody } = require('./waiting-body.js');

/** @typedef {import('../../binding').S3ObjectReader} Reader */

/**
 * Returns a stream of the plaintext, once all of the body has come and has verified.
 *
 * An object has one tag, at its end. So the body, still encrypted, waits for it: memory stays small, and no
 * plaintext reaches the disk.
 *
 * @param {Reader} reader
 * @param {AsyncIterable<Uint8Array>} body
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<{ stream: Readable, length: number }>}
 */
async function verifiedStream(reader, body, signal) {
  const waiting = new WaitingBody((bytes) => native(() => reader.verify(bytes)));
  const ignore = destroyOnAbort(body, signal);
  try {
    for await (const chunk of body) {
      throwIfAborted(signal);
      await waiting.add(chunk);
    }
    await waiting.end();
    const length = native(() => reader.verified());
    const stream = Readable.from(decrypted(reader, waiting), { objectMode: false, signal });
    // Also if nobody has read from it. Who read all of it has nothing to do about a file that does not close.
    stream.once('close', () => waiting.close().catch(() => {}));
    return { stream, length };
  } catch (error) {
    // What went wrong first is what the caller has to know.
    await waiting.close().catch(() => {});
    throw error;
  } finally {
    ignore();
  }
}

/**
 * Yields the plaintext of a body that has verified, piece by piece.
 *
 * @param {Reader} reader
 * @param {InstanceType<typeof WaitingBody>} waiting
 */
async function* decrypted(reader, waiting) {
  for await (const piece of waiting.pieces()) {
    const written = native(() => reader.decrypt(piece));
    if (written > 0) yield piece.subarray(0, written);
  }
}

module.exports = { verifiedStream };
