'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { throwIfAborted } = require('../calls/abort.js');
const { native } = require('../errors.js');
const { Pace } = require('../calls/pace.js');
const { nextTurn } = require('../calls/timers.js');

/** @typedef {import('../../binding').Encryptor} Encryptor */
/** @typedef {import('../../binding').Decryptor} Decryptor */
/** @typedef {Pick<import('../../binding').Header, 'length' | 'framed' | 'plaintextLength'>} Header */

/** From this length on, in bytes, there is work for several cores. */
const FOR_SEVERAL = 512 * 1024;
/** An output of this length, in bytes, has room for huge pages wherever it lies. */
const LARGE = 4 * 1024 * 1024;

/**
 * Writes one message, a slice each turn of the event loop.
 *
 * @param {Encryptor} encryptor
 * @param {Uint8Array} input
 * @param {number} length what it was when it was given
 * @param {unknown} into
 * @param {AbortSignal | undefined} signal
 */
async function seal(encryptor, input, length, into, signal) {
  try {
    args.checkUnchanged(input, length);
    const pace = new Pace();
    if (length <= pace.slice) return sealSync(encryptor, input, into);
    const output = outputFor(encryptor, input, into);
    let at = native(() => encryptor.header(output));
    let from = 0;
    while (length - from > pace.slice) {
      const to = from + pace.slice;
      at += pace.time(() => update(encryptor, input, from, to, output, at));
      from = to;
      await nextTurn();
      throwIfAborted(signal);
    }
    at += native(() => encryptor.finish(input, from, length, output, at));
    return trimmed(output, at);
  } finally {
    encryptor.release();
  }
}

/**
 * Writes one message in one call.
 *
 * @param {Encryptor} encryptor
 * @param {Uint8Array} input
 * @param {unknown} into
 */
function sealSync(encryptor, input, into) {
  try {
    const output = outputFor(encryptor, input, into);
    const written = native(() => encryptor.seal(input, output));
    return trimmed(output, written);
  } finally {
    encryptor.release();
  }
}

/**
 * Reads one message, a slice each turn of the event loop; nothing is left behind if it fails.
 *
 * @param {Decryptor} decryptor
 * @param {Header} header
 * @param {Uint8Array} message
 * @param {number} length what it was when it was given
 * @param {unknown} into
 * @param {AbortSignal | undefined} signal
 */
async function open(decryptor, header, message, length, into, signal) {
  let output;
  try {
    args.checkUnchanged(message, length);
    const pace = new Pace();
    // A body without frames is verified as a whole: slices of it would only be copied.
    if (length <= pace.slice || !header.framed) return openSync(decryptor, header, message, into);
    const total = plaintextLength(header, message);
    const plaintext = (output = allocate(total, into, message));
    let at = 0;
    for (let from = header.length; from < length;) {
      const to = Math.min(from + pace.slice, length);
      at += pace.time(() => update(decryptor, message, from, to, plaintext, at));
      from = to;
      await nextTurn();
      throwIfAborted(signal);
    }
    native(() => decryptor.finish());
    args.checkUnchanged(plaintext, total);
    return plaintext;
  } catch (error) {
    wipe(output);
    throw error;
  } finally {
    decryptor.release();
  }
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
  let output;
  try {
    output = allocate(plaintextLength(header, message), into, message);
    update(decryptor, message, header.length, message.length, output, 0);
    native(() => decryptor.finish());
    return output;
  } catch (error) {
    wipe(output);
    throw error;
  } finally {
    decryptor.release();
  }
}

/**
 * Reads one message and writes another, a slice each turn of the event loop.
 *
 * @param {import('../../binding').ReEncryptor} transform
 * @param {Header} header
 * @param {Uint8Array} message
 * @param {number} length what it was when it was given
 * @param {unknown} into
 * @param {AbortSignal | undefined} signal
 */
async function reSeal(transform, header, message, length, into, signal) {
  try {
    args.checkUnchanged(message, length);
    const total = native(() => transform.messageLength(plaintextLength(header, message)));
    const output = allocate(total, into, message);
    const pace = new Pace();
    let at = native(() => transform.header(output));
    for (let from = header.length; from < length;) {
      if (from > header.length) await nextTurn();
      throwIfAborted(signal);
      const to = Math.min(from + pace.slice, length);
      at += pace.time(() => update(transform, message, from, to, output, at));
      from = to;
    }
    at += native(() => transform.finish(output, at));
    return trimmed(output, at);
  } finally {
    transform.release();
  }
}

/**
 * @param {Encryptor | Decryptor | import('../../binding').ReEncryptor} transform
 * @param {Uint8Array} input
 * @param {number} from
 * @param {number} to
 * @param {Buffer} output
 * @param {number} at
 */
function update(transform, input, from, to, output, at) {
  return native(() => transform.update(input, from, to, output, at));
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
    input,
  );
}

/**
 * Leaves nothing of what was not verified; a buffer that was detached meanwhile has no length.
 *
 * @param {Buffer | undefined} output
 */
function wipe(output) {
  if (output?.length) output.fill(0);
}

/**
 * @param {Header} header
 * @param {Uint8Array} message
 */
function plaintextLength(header, message) {
  return native(() => header.plaintextLength(message));
}

/**
 * What was written of an output; the length of a signature is not known beforehand.
 *
 * @param {Buffer} output
 * @param {number} written
 */
function trimmed(output, written) {
  return written === output.length ? output : output.subarray(0, written);
}

/**
 * @param {number} length
 * @param {unknown} into
 * @param {Uint8Array} input
 */
function allocate(length, into, input) {
  if (length >= FOR_SEVERAL) require('./parallel.js').shareCores();
  if (into !== undefined) return args.outputBuffer(into, length, input);
  const output = Buffer.allocUnsafe(length);
  if (length >= LARGE) binding.preferHugePages(output);
  return output;
}

module.exports = { open, openSync, reSeal, seal, sealSync };
