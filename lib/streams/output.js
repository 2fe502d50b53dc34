'use strict';

/** What is pushed at least, but for the end: fewer and larger pieces cost a stream less. */
const PUSH_LENGTH = 64 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Collects what a transform writes, and pushes it in pieces of at least 64 KiB.
 *
 * Each piece has memory of its own: whoever reads the stream may transfer it, and nothing that is
 * written later is lost. Between calls, `#buffer` holds `#used` bytes that were not pushed, fewer
 * than `PUSH_LENGTH`, and nobody else can reach a byte of it.
 */
class Output {
  #push;
  #buffer = EMPTY;
  #used = 0;
  /**
   * The last piece, whose memory so lasts until there is another: else the allocator gives each
   * piece's back to the system, and asks for it again.
   *
   * @type {Buffer | undefined}
   */
  pushed;

  /** @param {(piece: Buffer) => void} push */
  constructor(push) {
    this.#push = push;
  }

  /**
   * Lets `write` fill a buffer from a place on.
   *
   * @param {number} length the most that it writes
   * @param {(output: Buffer, at: number) => number} write
   */
  write(length, write) {
    if (length === 0) {
      write(this.#buffer, this.#used);
      return 0;
    }
    if (this.#buffer.length - this.#used < length) this.#grow(length);
    const written = write(this.#buffer, this.#used);
    this.#used += written;
    if (this.#used >= PUSH_LENGTH) this.flush();
    return written;
  }

  /** Makes room; what waits for more to be pushed with it moves along. */
  #grow(/** @type {number} */ length) {
    const needed = this.#used + length;
    // Enough for a push, whatever the pieces' lengths are, unless this one is enough already.
    const room = Buffer.allocUnsafeSlow(needed >= PUSH_LENGTH ? needed : PUSH_LENGTH + length);
    if (this.#used > 0) {
      this.#buffer.copy(room, 0, 0, this.#used);
      this.#buffer.fill(0, 0, this.#used);
    }
    this.#buffer = room;
  }

  /** Pushes all there is, with its memory. */
  flush() {
    if (this.#used === 0) return;
    const piece = this.#buffer.subarray(0, this.#used);
    this.#buffer = EMPTY;
    this.#used = 0;
    this.pushed = piece;
    this.#push(piece);
  }

  /** Forgets what was not pushed. */
  wipe() {
    this.#buffer.fill(0);
    this.#buffer = EMPTY;
    this.pushed = undefined;
    this.#used = 0;
  }
}

module.exports = { Output };
