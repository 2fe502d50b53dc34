'use strict';

const crypto = require('node:crypto');

const COUNTER = Buffer.alloc(16);

/** Choices that follow from a seed alone: the same in every run and on every machine. */
class Random {
  #stream;

  /** @param {string | Buffer} seed */
  constructor(seed) {
    const key = crypto.createHash('sha256').update(seed).digest();
    this.#stream = crypto.createCipheriv('aes-256-ctr', key, COUNTER);
  }

  /** Choices of their own, for what runs beside others and in an order that is not known. */
  fork() {
    return new Random(this.bytes(32));
  }

  bytes(length) {
    return this.#stream.update(Buffer.alloc(length));
  }

  /** A whole number from 0 up to, and without, a limit. */
  below(limit) {
    return this.bytes(6).readUIntBE(0, 6) % limit;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least, most) {
    return least + this.below(most - least + 1);
  }

  /** True once in `n` times. */
  onceIn(n) {
    return this.below(n) === 0;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** Each item with a chance of one half, in their order. */
  some(items) {
    return items.filter(() => this.onceIn(2));
  }

  shuffled(items) {
    const left = [...items];
    return items.map(() => left.splice(this.below(left.length), 1)[0]);
  }
}

module.exports = { Random };
