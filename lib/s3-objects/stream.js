'use strict';

const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');

const { throwIfAborted } = require('../calls/abort.js');
const { native } = require('../errors.js');

/** @typedef {import('../../binding').S3ObjectReader} Reader */

/** How much of a verified body is decrypted at once, in bytes. */
const CHUNK = 256 * 1024;
/** What decrypting may write beyond what it reads: the rest of a block. */
const BLOCK = 16;

/**
 * Returns a stream of the plaintext, once all of the body has come and has verified.
 *
 * An object has one tag, at its end. So the body, still encrypted, goes through a file without a name
 * first: memory stays small, and no plaintext reaches the disk.
 *
 * @param {Reader} reader
 * @param {AsyncIterable<Uint8Array>} body
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<{ stream: Readable, length: number }>}
 */
async function verifiedStream(reader, body, signal) {
  const file = await openWithoutName();
  try {
    for await (const chunk of body) {
      throwIfAborted(signal);
      // Its owner may use the chunk's memory again while it is written: what was verified is kept.
      const own = Buffer.from(chunk);
      native(() => reader.verify(own));
      await file.writeFile(own);
    }
    const length = native(() => reader.verified());
    const stream = Readable.from(decrypted(reader, file), { objectMode: false, signal });
    // Also if nobody has read from it.
    stream.once('close', () => file.close());
    return { stream, length };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Yields the plaintext of a body that has verified, chunk by chunk.
 *
 * @param {Reader} reader
 * @param {fs.FileHandle} file
 */
async function* decrypted(reader, file) {
  const encrypted = Buffer.allocUnsafeSlow(CHUNK);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(encrypted, 0, CHUNK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const chunk = encrypted.subarray(0, bytesRead);
    const output = Buffer.allocUnsafeSlow(bytesRead + BLOCK);
    const written = native(() => reader.decrypt(chunk, output));
    if (written > 0) yield output.subarray(0, written);
  }
}

/**
 * Returns a file that only this process can reach, and that goes with it: its name is removed at once.
 */
async function openWithoutName() {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kms-envelope-'));
  try {
    const file = await fs.open(path.join(folder, 'body'), 'wx+', 0o600);
    await fs.unlink(path.join(folder, 'body'));
    return file;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

module.exports = { verifiedStream };
