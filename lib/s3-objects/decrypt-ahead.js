'use strict';

const { destroyOnAbort, throwIfAborted } = require('../calls/abort.js');
const { EnvelopeError, native } = require('../errors.js');

/** @typedef {import('../../binding').S3ObjectReader} Reader */

/** How much is verified and decrypted at once, in bytes: whole blocks of AES-CBC. */
const SLAB = 1024 * 1024;

/**
 * Decrypts a body while it comes, before its tag has; resolves to the length of the plaintext once all has
 * verified. Rejects otherwise: what `append` took must then be destroyed, and nobody may see it before.
 *
 * @param {Reader} reader
 * @param {AsyncIterable<Uint8Array>} body
 * @param {number} bodyLength what the store tells, in bytes
 * @param {import('../native/new-file.js').Append} append
 * @param {AbortSignal | undefined} signal
 */
async function decryptAhead(reader, body, bodyLength, append, signal) {
  native(() => reader.beginAhead(bodyLength));
  const decryptor = new SlabDecryptor(reader, append);
  const ignore = destroyOnAbort(body, signal);
  try {
    for await (const chunk of body) {
      throwIfAborted(signal);
      await decryptor.add(chunk);
    }
    return await decryptor.end();
  } catch (error) {
    decryptor.wipe();
    throw error;
  } finally {
    ignore();
  }
}

/**
 * Decrypts slab by slab, in place.
 *
 * Between calls `slab` has room, and `kept` holds the plaintext of the slab before it: where the plaintext ends
 * is known only at the end, and of AES-CBC that may be up to a block before the last slab.
 */
class SlabDecryptor {
  #reader;
  #append;
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #filled = 0;
  #kept = Buffer.allocUnsafeSlow(SLAB);
  #keptLength = 0;
  /** How many bytes `append` took. */
  #appended = 0;

  /**
   * @param {Reader} reader
   * @param {import('../native/new-file.js').Append} append
   */
  constructor(reader, append) {
    this.#reader = reader;
    this.#append = append;
  }

  /** @param {Uint8Array} chunk */
  async add(chunk) {
    // At once, as its owner may use the chunk's memory again: what is verified is what is decrypted.
    const stable = this.#filled + chunk.length > SLAB ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < stable.length;) {
      const piece = stable.subarray(at, at + SLAB - this.#filled);
      this.#slab.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === SLAB) await this.#decrypt();
    }
  }

  /** Resolves to the length of the plaintext. */
  async end() {
    if (this.#filled > 0) await this.#decrypt();
    const length = native(() => this.#reader.verified());
    const rest = length - this.#appended;
    if (rest < 0 || rest > this.#keptLength) throw notAsLongAsTold();
    await this.#append(this.#kept.subarray(0, rest));
    return length;
  }

  /** Forgets the plaintext, which has not verified. */
  wipe() {
    this.#slab.fill(0);
    this.#kept.fill(0);
  }

  async #decrypt() {
    const slab = this.#slab.subarray(0, this.#filled);
    native(() => this.#reader.verify(slab));
    const length = native(() => this.#reader.decrypt(slab));
    await this.#append(this.#kept.subarray(0, this.#keptLength));
    this.#appended += this.#keptLength;
    [this.#slab, this.#kept] = [this.#kept, this.#slab];
    [this.#filled, this.#keptLength] = [0, length];
  }
}

function notAsLongAsTold() {
  const message = 'the object is not as long as the store told; get it anew';
  return new EnvelopeError('ERR_ENVELOPE_MALFORMED_MESSAGE', message);
}

module.exports = { decryptAhead };
