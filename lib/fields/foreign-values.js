'use strict';

const args = require('../input/index.js');
const { plaintext, readersOf } = require('./foreign.js');

/** The first byte of Tink's ciphertexts, before the id of their key in four bytes. */
const TINK = 1;
const PREFIX_LENGTH = 5;
/** A deterministic ciphertext is longer than its plaintext by this, in bytes; others by more. */
const SHORTEST = 21;
/** More ids than this mean that they are no ids; the oldest is forgotten. */
const MOST_UNKNOWN = 1000;

/** Reads the values of a column that are not ours: what other packages wrote, and plaintext. */
class ForeignValues {
  #readers;
  #column;
  #reads;
  /** @type {Map<string, number>} what looks like the id of a key, and how many reads had begun when it was met */
  #unknown = new Map();

  /**
   * @param {unknown} from
   * @param {{ hasKeyId(value: Buffer): boolean }} column
   * @param {{ started: number, completed: number }} reads numbers of the last read of the keys that began,
   *   and of the last one that succeeded
   */
  constructor(from, column, reads) {
    this.#readers = readersOf(from);
    this.#column = column;
    this.#reads = reads;
  }

  /** Whether the column may hold such values. */
  get exist() {
    return this.#readers.length > 0;
  }

  /**
   * Returns the plaintext of a value that is not ours; nothing if it is ours, or of no known kind.
   *
   * @param {unknown} value
   * @param {BufferEncoding | undefined} encoding
   */
  read(value, encoding) {
    if (this.#readers.length === 0) return undefined;
    const text = typeof value === 'string';
    const stored = text ? value : Buffer.from(args.bytes(value, 'the value'));
    const bytes = text ? encoding && Buffer.from(value, encoding) : stored;
    if (Buffer.isBuffer(bytes) && this.#column.hasKeyId(bytes)) return undefined;
    for (const read of this.#readers) {
      if (read === plaintext && this.#mayBeOurs(stored, bytes, encoding)) return undefined;
      const found = read(/** @type {string | Buffer} */ (stored));
      if (found) return found;
    }
    return undefined;
  }

  /**
   * Whether what would be taken for plaintext may be a value under a key that another process has added: it
   * begins as such values do, and the keys have not been read again since its key id was met first.
   *
   * @param {unknown} stored
   * @param {unknown} bytes
   * @param {BufferEncoding | undefined} encoding
   */
  #mayBeOurs(stored, bytes, encoding) {
    if (!Buffer.isBuffer(bytes) || bytes[0] !== TINK || bytes.length < SHORTEST) return false;
    if (typeof stored === 'string' && bytes.toString(encoding) !== stored) return false;
    const id = bytes.toString('hex', 0, PREFIX_LENGTH);
    const met = this.#unknown.get(id);
    if (met !== undefined) return this.#reads.completed <= met;
    const [oldest] = this.#unknown.keys();
    if (this.#unknown.size >= MOST_UNKNOWN && oldest) this.#unknown.delete(oldest);
    this.#unknown.set(id, this.#reads.started);
    return true;
  }
}

module.exports = { ForeignValues };
