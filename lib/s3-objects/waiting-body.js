'use strict';

const { constants } = require('node:fs');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');

/** How much is verified, written and read at once, in bytes. */
const SLAB = 1024 * 1024;
/** How many full slabs stay in memory before a file is opened; then, how many wait to be written. */
const MOST_HELD = 4;

/**
 * `O_RDWR | O_TMPFILE | O_EXCL` of open(2): a file that never gets a name. Node.js has no name for the second,
 * which holds O_DIRECTORY.
 */
const UNNAMED = constants.O_RDWR | constants.O_DIRECTORY | 0o20000000 | constants.O_EXCL;
/** How file systems say that they have no such files. */
const NO_UNNAMED = ['EOPNOTSUPP', 'EISDIR', 'EINVAL'];

/**
 * The body of an object, still encrypted, while it waits for its tag: in memory if it is short, else in a
 * file without a name.
 *
 * Between calls `slab`, if there is one, has room; `held` has the full slabs that no file was opened for; and
 * `writing` has a promise for each slab that may still be on its way to the file.
 */
class WaitingBody {
  #take;
  /** @type {Buffer | undefined} */
  #slab;
  #filled = 0;
  #length = 0;
  /** @type {Buffer[]} */
  #held = [];
  /** @type {Buffer[]} slabs that were written, for what comes next */
  #free = [];
  /** @type {Promise<unknown>[]} */
  #writing = [];
  /** @type {Promise<unknown>} */
  #lastWrite = Promise.resolve();
  /** @type {fs.FileHandle | undefined} */
  #file;

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
    if (this.#held.length > (this.#file ? 0 : MOST_HELD)) await this.#write();
  }

  /** Takes the end of the body; resolves once all of it can be read. */
  async end() {
    if (this.#slab) this.#keep(this.#slab.subarray(0, this.#filled));
    if (this.#file) await this.#write();
    await Promise.all(this.#writing);
  }

  /**
   * Yields the body from its start, once it has ended. Each piece is good until the next is asked for.
   *
   * @returns {AsyncGenerator<Buffer, void>}
   */
  async *pieces() {
    if (!this.#file) return yield* this.#held;
    let next = this.#read(0);
    for (let position = 0; position < this.#length;) {
      const piece = await next;
      position += piece.length;
      if (position < this.#length) next = this.#read(position);
      yield piece;
      this.#free.push(piece);
    }
  }

  /** Frees the file and what is in it, once nothing is written or read any more. */
  async close() {
    await Promise.allSettled(this.#writing);
    await this.#file?.close();
  }

  /** @param {Buffer} slab */
  #keep(slab) {
    this.#slab = undefined;
    this.#filled = 0;
    this.#take(slab);
    this.#length += slab.length;
    this.#held.push(slab);
  }

  /** Begins to write what is held; waits while too much is on its way. */
  async #write() {
    const file = (this.#file ??= await openWithoutName());
    for (const slab of this.#held.splice(0)) {
      const written = this.#lastWrite.then(async () => {
        // In one piece: writeFile would wait for the disk twice.
        for (let at = 0; at < slab.length;) at += (await file.write(slab, at)).bytesWritten;
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
  #read(position) {
    const reading = this.#readSlab(position);
    // Read ahead: if nobody asks for it, nobody hears of it.
    reading.catch(() => {});
    return reading;
  }

  /** @param {number} position */
  async #readSlab(position) {
    const slab = this.#freeSlab();
    const { bytesRead } = await /** @type {fs.FileHandle} */ (this.#file).read(
      slab,
      0,
      SLAB,
      position,
    );
    if (bytesRead === 0) throw new Error('a temporary file has lost its end');
    return slab.subarray(0, bytesRead);
  }

  #freeSlab() {
    const slab = this.#free.pop();
    return slab ? Buffer.from(slab.buffer) : Buffer.allocUnsafeSlow(SLAB);
  }
}

/**
 * Returns a file that only this process can reach, and that goes with it. Linux opens one that never has a
 * name; elsewhere its name is removed at once.
 */
async function openWithoutName() {
  if (process.platform === 'linux') {
    try {
      return await fs.open(os.tmpdir(), UNNAMED, 0o600);
    } catch (error) {
      const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
      if (!NO_UNNAMED.includes(code)) throw error;
    }
  }
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kms-envelope-'));
  try {
    const file = await fs.open(path.join(folder, 'body'), 'wx+', 0o600);
    await fs.unlink(path.join(folder, 'body'));
    return file;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

module.exports = { WaitingBody };
