'use strict';

const args = require('../input/index.js');
const { EnvelopeError, invalid } = require('../errors.js');

const { MAX_SAFE_INTEGER } = Number;

/**
 * Returns a range within a plaintext of this size.
 *
 * @param {number} size
 * @param {{ start?: unknown, end?: unknown }} range
 */
function byteRange(size, { start = 0, end = size }) {
  const first = args.integer(start, 'start', 0, MAX_SAFE_INTEGER);
  const last = Math.min(args.integer(end, 'end', 0, MAX_SAFE_INTEGER), size);
  if (first > size) {
    const message = `the range starts at byte ${first}; the plaintext has ${size} bytes`;
    throw new EnvelopeError('ERR_ENVELOPE_RANGE', message);
  }
  if (last < first) throw invalid(`end must not be less than start, ${first}`);
  return { start: first, end: last };
}

module.exports = { byteRange };
