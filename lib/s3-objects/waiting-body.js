'use strict';

const { UnnamedFile } = require('./unnamed-file.js');

/** @typedef {InstanceType<typeof UnnamedFile>} OpenedFile */

/** How much is verified, written and read at once, in bytes. */
const SLAB = 1024 * 1024;
/** How many full slabs of each body stay in memory; and how many at most wait to be written, or are read ahead. */
const MOST_HELD = 4;
/** How many slabs more may stay in memory, of all bodies together. */
let room = 32;

/**
 * The body of an object, still encrypted, while it waits for its tag: its start in memory, and the rest, if
 * there is no room for it, in a file without a name.
 *
 * Between calls `slab`, if there is one, has room; `held` has the slabs that stay in memory, of which `borrowed`
 * are in the room of all; `unwritten` has those that are still to be written; and `writing` has a promise for
 * each that may still be on its way to the file.
 */
class WaitingBody {
  #take;
  /** @type {Buffer | undefined} */
  #slab;
  #filled = 0;
  /** @type {Buffer[]} */
  #held = [];
  #borrowed = 0;
  /** @type {Buffer[]} */
  #unwritten = [];
  /** @type {Buffer[]} slabs that were written, for what comes next */
  #free = [];
  /** @type {Promise<unknown>[]} */
  #writing = [];
  /** @type {Promise<unknown>} */
  #lastWrite = Promise.resolve();
  /** @type {OpenedFile | undefined} */
  #file;
  /** Of what goes to the file, in bytes. */
  #fileLength = 0;

  /** @param {(bytes: Buffer) => void} take gets all of the body in order, in memory that nobody else has */
  constructor(take) {
    this.#take = take;
  }

  /**
   * Takes the next bytes of the body; resolves when it wants more.
   *
   * @param {Uint8Array} chunk
   */
  async add(chunk) {
    // At once, as its owner may use the chunk's memory again: what was verified is kept.
    for (let at = 0; at < chunk.length;) {
      const slab = (this.#slab ??= this.#freeSlab());
      const piece = chunk.subarray(at, at + SLAB - this.#filled);
      slab.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === SLAB) this.#keep(slab);
    }
    if (this.#unwritten.length > 0) await this.#write();
  }

  /** Takes the end of the body; resolves once all of it can be read. */
  async end() {
    if (this.#slab) this.#keep(this.#slab.subarray(0, this.#filled));
    if (this.#unwritten.length > 0) await this.#write();
    await Promise.all(this.#writing);
  }

  /**
   * Yields the body from its start, once it has ended, in slabs that are the caller's from then on. All but the
   * last have the same length, a multiple of 16 bytes.
   *
   * @returns {AsyncGenerator<Buffer, void>}
   */
  async *pieces() {
    for (let slab; (slab = this.#held.shift());) {
      if (this.#held.length < this.#borrowed) this.#giveBack(1);
      yield slab;
    }
    const reading = [];
    for (let at = 0; at < this.#fileLength || reading.length > 0;) {
      for (; reading.length < MOST_HELD && at < this.#fileLength; at += SLAB) {
        reading.push(this.#readAhead(at));
      }
      yield /** @type {Buffer} */ (await reading.shift());
    }
  }

  /** Frees the memory, the file and what is in it, once nothing is written or read any more. */
  async close() {
    this.#giveBack(this.#borrowed);
    this.#held = [];
    await Promise.allSettled(this.#writing);
    await this.#file?.close();
  }

  /** @param {Buffer} slab */
  #keep(slab) {
    this.#slab = undefined;
    this.#filled = 0;
    this.#take(slab);
    if (this.#fileLength === 0 && this.#hasRoom()) {
      this.#held.push(slab);
    } else {
      this.#unwritten.push(slab);
      this.#fileLength += slab.length;
    }
  }

  #hasRoom() {
    if (this.#held.length < MOST_HELD) return true;
    if (room === 0) return false;
    room -= 1;
    this.#borrowed += 1;
    return true;
  }

  /** @param {number} slabs */
  #giveBack(slabs) {
    room += slabs;
    this.#borrowed -= slabs;
  }

  /** Begins to write what is to be written; waits while too much is on its way. */
  async #write() {
    const file = (this.#file ??= await UnnamedFile.open());
    for (const slab of this.#unwritten.splice(0)) {
      const written = this.#lastWrite.then(async () => {
        await file.append(slab);
        this.#free.push(slab);
      });
      // Whoever waits for it hears of it.
      written.catch(() => {});
      this.#lastWrite = written;
      this.#writing.push(written);
    }
    while (this.#writing.length > MOST_HELD) await this.#writing.shift();
  }

  /** @param {number} position */
  #readAhead(position) {
    const reading = this.#readSlab(position);
    // If nobody asks for it, nobody hears of it.
    reading.catch(() => {});
    return reading;
  }

  /** @param {number} position */
  async #readSlab(position) {
    const file = /** @type {OpenedFile} */ (this.#file);
    const slab = this.#freeSlab().subarray(0, this.#fileLength - position);
    await file.read(slab, position);
    return slab;
  }

  #freeSlab() {
    const slab = this.#free.pop();
    return slab ? Buffer.from(slab.buffer) : Buffer.allocUnsafeSlow(SLAB);
  }
}

module.exports = { WaitingBody };
