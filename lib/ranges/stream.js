'use strict';

const { Readable } = require('node:stream');

/**
 * Returns a stream of the bytes from `start` to `end`, read piece by piece as they are wanted.
 *
 * @param {(start: number, end: number) => Promise<Buffer>} read
 * @param {number} start
 * @param {number} end
 * @param {number} step how many bytes one read gives at most: pieces end at its multiples
 */
function rangeStream(read, start, end, step) {
  async function* pieces() {
    for (let from = start; from < end;) {
      const to = Math.min(end, from - (from % step) + step);
      yield await read(from, to);
      from = to;
    }
  }
  return Readable.from(pieces(), { objectMode: false });
}

module.exports = { rangeStream };
