'use strict';

/** What is pushed at least, but for the end: fewer and larger pieces cost a stream less. */
const PUSH_LENGTH = 64 * 1024;

/** Collects what a transform writes, and pushes it in pieces of at least 64 KiB. */
class Output {
  #push;
  #buffer = Buffer.alloc(0);
  #used = 0;

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
    // With room for the next pieces, unless this one is enough for a push.
    const room = Buffer.allocUnsafeSlow(needed >= PUSH_LENGTH ? needed : 2 * PUSH_LENGTH);
    this.#buffer.copy(room, 0, 0, this.#used);
    this.#buffer.fill(0, 0, this.#used);
    this.#buffer = room;
  }

  /** Pushes all there is. */
  flush() {
    if (this.#used > 0) this.#push(this.#buffer.subarray(0, this.#used));
    this.#buffer = this.#buffer.subarray(this.#used);
    this.#used = 0;
  }

  /** Forgets what was not pushed. */
  wipe() {
    this.#buffer.fill(0);
    this.#buffer = Buffer.alloc(0);
    this.#used = 0;
  }
}

module.exports = { Output };
