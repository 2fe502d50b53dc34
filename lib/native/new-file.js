'use strict';

const { Writable } = require('node:stream');

const binding = require('./load.js');
const { fromNative } = require('../errors.js');

/** How much is written at once, in bytes: each write takes a thread. */
const SLAB = 1024 * 1024;

/** @typedef {(bytes: Uint8Array) => Promise<void>} Append */

/**
 * Writes a file that appears complete or not at all, that has no name before (where the system has
 * such files), and that only its owner can read. The library's other files go through `files.js`.
 *
 * @template T
 * @param {string} destination
 * @param {boolean} overwrite whether an existing file is replaced
 * @param {(append: Append) => Promise<T>} fill gets a function that takes the next bytes, and resolves when their
 *   memory may be used again and more are wanted
 * @returns {Promise<T>} what `fill` resolved to
 */
async function appendNewFile(destination, overwrite, fill) {
  const file = attempt(() => binding.NewFile.create(destination, overwrite));
  const writer = new SlabWriter(file);
  try {
    const filled = await fill((bytes) => writer.append(bytes));
    await writer.end();
    await written(file.place());
    return filled;
  } catch (error) {
    writer.wipe();
    throw error;
  } finally {
    file.discard();
  }
}

/**
 * As `appendNewFile`, filled through a stream.
 *
 * @param {string} destination
 * @param {boolean} overwrite
 * @param {(sink: Writable) => Promise<void>} fill
 */
async function writeNewFile(destination, overwrite, fill) {
  return appendNewFile(destination, overwrite, (append) =>
    fill(
      new Writable({
        write(chunk, _encoding, done) {
          append(chunk).then(() => done(), done);
        },
      }),
    ),
  );
}

/** Gathers bytes into slabs, of which one is written while the next one is filled. */
class SlabWriter {
  #file;
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #filled = 0;
  /** @type {Promise<void>} */
  #writing = Promise.resolve();

  /** @param {import('../../binding').NewFile} file */
  constructor(file) {
    this.#file = file;
  }

  /** @param {Uint8Array} bytes */
  async append(bytes) {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + SLAB - this.#filled);
      this.#slab.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === SLAB) await this.#write();
    }
  }

  /** Resolves once all has been written. */
  async end() {
    await this.#write();
    await this.#writing;
  }

  /** Forgets what was not written: it may have been kept back until something verifies. */
  wipe() {
    this.#slab.fill(0);
  }

  async #write() {
    await this.#writing;
    // The addon copies the slab at once.
    this.#writing = written(attempt(() => this.#file.append(this.#slab.subarray(0, this.#filled))));
    // Whoever appends next, or ends, hears of it.
    this.#writing.catch(() => {});
    this.#filled = 0;
  }
}

/** @param {Promise<void>} promise one of the addon's */
async function written(promise) {
  try {
    await promise;
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * @template T
 * @param {() => T} call
 */
function attempt(call) {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = { appendNewFile, writeNewFile };
