'use strict';

const args = require('../input/index.js');
const { nextTurn } = require('../calls/timers.js');
const { native } = require('../errors.js');
const { createObject, describeObject, writeSettings } = require('./write.js');

/** @typedef {Awaited<ReturnType<typeof createObject>>} Writer */

/** Longer chunks are encrypted in slices of this length, in bytes, with turns of the event loop between. */
const SLICE = 1024 * 1024;

/**
 * Returns what encrypts a body of unknown length as a new object, for a pipeline, and what describes that
 * object: its metadata, and the text of its instruction file if it gets one. Its data key is made when the
 * pipeline starts; before the first bytes have come, there is nothing to describe.
 *
 * @param {unknown} options those of `encryptS3Object`
 */
function streamEncryption(options) {
  const settings = writeSettings(options);
  /** @type {Writer} */
  let writer;
  return {
    /** @param {AsyncIterable<unknown>} source */
    async *encrypt(source) {
      writer = await createObject(settings);
      for await (const chunk of source) yield* encrypted(writer, chunk);
      yield native(() => writer.finish());
    },
    describe: () => describeObject(writer),
  };
}

/**
 * @param {Writer} writer
 * @param {unknown} chunk
 */
async function* encrypted(writer, chunk) {
  const input = args.bytes(chunk, 'a chunk of Body');
  const { length } = input;
  for (let at = 0; at < length; at += SLICE) {
    if (at > 0) {
      await nextTurn();
      args.checkUnchanged(input, length);
    }
    const slice = input.subarray(at, at + SLICE);
    const output = Buffer.allocUnsafeSlow(slice.length);
    native(() => writer.update(slice, output));
    yield output;
  }
}

module.exports = { streamEncryption };
