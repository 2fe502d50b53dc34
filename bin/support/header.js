'use strict';

const { openInput } = require('./input.js');
const { library } = require('./library.js');

/** When the header is tried to be read first; most are shorter. */
const FIRST_LENGTH = 4 * 1024;

/**
 * Reads the header of a message from its first bytes; the library bounds how many they are.
 *
 * @param {string} source a path, or `-` for standard input
 * @param {AbortSignal} signal
 * @returns {Promise<import('../..').MessageHeader>}
 */
async function readHeader(source, signal) {
  const input = openInput(source);
  const end = () => input.destroy(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await parse(input);
  } finally {
    signal.removeEventListener('abort', end);
    input.destroy();
  }
}

/** @param {import('node:stream').Readable} input */
async function parse(input) {
  const { inspect } = library();
  /** @type {Buffer[]} */
  let chunks = [];
  let length = 0;
  let next = FIRST_LENGTH;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length < next) continue;
    const known = Buffer.concat(chunks);
    const header = attempt(known);
    if (header) return header;
    // Twice as much each time, so that a long header is not parsed at every chunk of it.
    next = 2 * length;
    chunks = [known];
  }
  return inspect(Buffer.concat(chunks));

  /** @param {Buffer} bytes */
  function attempt(bytes) {
    try {
      return inspect(bytes);
    } catch (error) {
      const { code } = /** @type {import('../..').EnvelopeError} */ (error);
      if (code !== 'ERR_ENVELOPE_TRUNCATED_MESSAGE') throw error;
      return undefined;
    }
  }
}

module.exports = { readHeader };
