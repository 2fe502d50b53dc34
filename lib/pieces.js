'use strict';

const { setImmediate: nextTurn } = require('node:timers/promises');

const args = require('./arguments.js');
const { throwIfAborted } = require('./abort.js');
const { native } = require('./errors.js');

/** @typedef {import('../binding').Encryptor} Encryptor */
/** @typedef {import('../binding').Decryptor} Decryptor */
/** @typedef {import('../binding').Header} Header */

/** What one call of the addon is given at most: some 100 us of work, then the event loop turns. */
const SLICE = 1024 * 1024;

/**
 * Writes one message, a slice each turn of the event loop.
 *
 * @param {Encryptor} encryptor
 * @param {Uint8Array} input
 * @param {unknown} into
 * @param {AbortSignal | undefined} signal
 */
async function seal(encryptor, input, into, signal) {
  if (input.length <= SLICE) return sealSync(encryptor, input, into);
  const output = outputFor(encryptor, input, into);
  const { length } = input;
  let at = native(() => encryptor.header(output));
  let from = 0;
  for (; length - from > SLICE; from += SLICE) {
    at += native(() => encryptor.update(input, from, from + SLICE, output, at));
    await nextTurn();
    throwIfAborted(signal);
  }
  native(() => encryptor.finish(input, from, length, output, at));
  return output;
}

/**
 * Writes one message in one call.
 *
 * @param {Encryptor} encryptor
 * @param {Uint8Array} input
 * @param {unknown} into
 */
function sealSync(encryptor, input, into) {
  const output = outputFor(encryptor, input, into);
  native(() => encryptor.seal(input, output));
  return output;
}

/**
 * Reads one message, a slice each turn of the event loop; nothing is left behind if it fails.
 *
 * @param {Decryptor} decryptor
 * @param {Header} header
 * @param {Uint8Array} message
 * @param {unknown} into
 * @param {AbortSignal | undefined} signal
 */
async function open(decryptor, header, message, into, signal) {
  // A body without frames is verified as a whole: slices of it would only be copied.
  if (message.length <= SLICE || !header.framed) return openSync(decryptor, header, message, into);
  const { length } = message;
  const output = allocate(header.plaintextLength(length), into);
  let at = 0;
  try {
    for (let from = header.length; from < length; from += SLICE) {
      const to = Math.min(from + SLICE, length);
      at += native(() => decryptor.update(message, from, to, output, at));
      await nextTurn();
      throwIfAborted(signal);
    }
    native(() => decryptor.finish());
  } catch (error) {
    output.fill(0);
    throw error;
  }
  return output;
}

/**
 * Reads one message in one call.
 *
 * @param {Decryptor} decryptor
 * @param {Header} header
 * @param {Uint8Array} message
 * @param {unknown} into
 */
function openSync(decryptor, header, message, into) {
  const output = allocate(header.plaintextLength(message.length), into);
  try {
    native(() => decryptor.update(message, header.length, message.length, output, 0));
    native(() => decryptor.finish());
  } catch (error) {
    output.fill(0);
    throw error;
  }
  return output;
}

/**
 * @param {Encryptor} encryptor
 * @param {Uint8Array} input
 * @param {unknown} into
 */
function outputFor(encryptor, input, into) {
  return allocate(
    native(() => encryptor.messageLength(input.length)),
    into,
  );
}

/**
 * @param {number} length
 * @param {unknown} into
 */
function allocate(length, into) {
  return into === undefined ? Buffer.allocUnsafe(length) : args.outputBuffer(into, length);
}

module.exports = { open, openSync, seal, sealSync };
