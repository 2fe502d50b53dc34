'use strict';

const { Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { rejection } = require('./rejects');

/**
 * Random whole numbers below a limit, the same ones in every run.
 *
 * @param {number} seed not 0
 * @returns {(limit: number) => number}
 */
function seeded(seed) {
  let state = seed;
  // xorshift32
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/**
 * A generator of random lengths for `cut`.
 *
 * @param {number} least
 * @param {number} most
 */
function randomly(least, most) {
  const random = seeded(most);
  return () => least + random(most - least + 1);
}

/**
 * Bytes in pieces.
 *
 * @param {Uint8Array} data
 * @param {number | (() => number)} length the length of each piece
 */
function* cut(data, length) {
  for (let from = 0; from < data.length;) {
    const to = from + (typeof length === 'number' ? length : length());
    yield data.subarray(from, to);
    from = to;
  }
}

/**
 * Sends chunks through a Node.js stream. What it pushed is kept, whether it was read or not: that
 * is what it released.
 *
 * @param {import('node:stream').Transform} stream
 * @param {Iterable<unknown>} chunks
 * @returns {Promise<{ pushes: Buffer[], output: Buffer, error?: any }>}
 */
async function through(stream, chunks) {
  const pushes = [];
  const read = [];
  const push = stream.push;
  stream.push = (piece) => {
    if (piece !== null) pushes.push(piece);
    return push.call(stream, piece);
  };
  const sink = new Writable({
    write(piece, _encoding, done) {
      read.push(piece);
      done();
    },
  });
  const error = await failure(pipeline(Readable.from(chunks), stream, sink));
  return { pushes, output: Buffer.concat(error ? pushes : read), error };
}

/**
 * The same for a Web stream, of which only what is read can be kept.
 *
 * @param {TransformStream<Uint8Array, Uint8Array>} stream
 * @param {Iterable<unknown>} chunks
 */
async function throughWeb(stream, chunks) {
  const pushes = [];
  const read = async () => {
    for await (const piece of ReadableStream.from(chunks).pipeThrough(stream)) pushes.push(piece);
  };
  const error = await failure(read());
  return { pushes, output: Buffer.concat(pushes), error };
}

/**
 * The result of `through` or `throughWeb`, which must be the `EnvelopeError` with this code.
 *
 * @param {ReturnType<typeof through>} running
 * @param {string} code
 */
async function ended(running, code) {
  const result = await running;
  await rejection(Promise.reject(result.error), code);
  return result;
}

/** Returns the error that a promise rejects with; nothing if it resolves. */
function failure(promise) {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}

/** Waits a few turns of the event loop, in which an unwanted effect would show. */
async function turns() {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
}

module.exports = { cut, ended, failure, randomly, seeded, through, throughWeb, turns };
