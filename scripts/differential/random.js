'use strict';

const crypto = require('node:crypto');

const COUNTER = Buffer.alloc(16);

/** Random choices that depend on a seed alone: the same in every run and on every machine. */
class Random {
  #stream;

  /** @param {string | Buffer} seed */
  constructor(seed) {
    const key = crypto.createHash('sha256').update(seed).digest();
    this.#stream = crypto.createCipheriv('aes-256-ctr', key, COUNTER);
  }

  /** Returns another source of choices, for calls that run concurrently and so in an unknown order. */
  fork() {
    return new Random(this.bytes(32));
  }

  bytes(length) {
    return this.#stream.update(Buffer.alloc(length));
  }

  /** Returns a whole number from 0 to `limit - 1`. */
  below(limit) {
    return this.bytes(6).readUIntBE(0, 6) % limit;
  }

  /** Returns a whole number from `least` to `most`, both included. */
  between(least, most) {
    return least + this.below(most - least + 1);
  }

  /** Returns true once in `n` times. */
  onceIn(n) {
    return this.below(n) === 0;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** Returns some of the items, each with a chance of one half, in their order. */
  some(items) {
    return items.filter(() => this.onceIn(2));
  }

  shuffled(items) {
    const left = [...items];
    return items.map(() => left.splice(this.below(left.length), 1)[0]);
  }
}

module.exports = { Random };
