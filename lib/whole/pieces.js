'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { throwIfAborted } = require('../calls/abort.js');
const { native } = require('../errors.js');
const { lazy } = require('../lazy.js');

const cores = lazy(() => require('./parallel.js'));
const pooled = lazy(() => require('../input/pooled-output.js'));
const slices = lazy(() => require('./slices.js'));

/** @typedef {import('../../binding').Transform} Transform */
/** @typedef {ReturnType<typeof args.callOptions>['into']} Into */

/** An input of at most this length, in bytes, is one slice: a MiB with its header and frames. */
const ONE_SLICE = 1.25 * 1024 * 1024;
/** From this length on, in bytes, there is work for several cores. */
const PARALLEL_LENGTH = 512 * 1024;
/** An output of this length, in bytes, has room for huge pages wherever it lies. */
const HUGE_PAGES_LENGTH = 4 * 1024 * 1024;

/**
 * Returns the whole output of a whole input; or a promise of it, if it is long: it is made in slices then, one in
 * each turn of the event loop. If it fails, no plaintext is left in the output.
 *
 * @param {Transform} transform
 * @param {Uint8Array} input
 * @param {number} length what it was when it was given
 * @param {Into} into
 * @param {AbortSignal | undefined} signal
 * @returns {Buffer<ArrayBuffer> | Promise<Buffer<ArrayBuffer>>}
 */
function run(transform, input, length, into, signal) {
  return length > ONE_SLICE && transform.worksInSlices
    ? runInSlices(transform, input, length, into, signal)
    : runAtOnce(transform, input, length, into);
}

/**
 * @param {Transform} transform
 * @param {Uint8Array} input
 * @param {number} length what it was when it was given
 * @param {Into} into
 * @param {AbortSignal | undefined} signal
 */
async function runInSlices(transform, input, length, into, signal) {
  let output;
  const wipes = transform.writesPlaintext;
  try {
    args.checkUnchanged(input, length);
    output = outputFor(transform, input, into);
    const goOn = () => {
      throwIfAborted(signal);
      throwIfReleased(into);
    };
    const written = await slices().runInSlices(transform, input, length, output, goOn);
    return trimmed(output, written);
  } catch (error) {
    if (wipes && output) wipe(output);
    throw error;
  } finally {
    transform.release();
  }
}

/**
 * Returns the whole output of a whole input, made in one call of the addon.
 *
 * @param {Transform} transform
 * @param {Uint8Array} input
 * @param {number} length what it was when it was given
 * @param {Into} into
 */
function runAtOnce(transform, input, length, into) {
  try {
    args.checkUnchanged(input, length);
    const output = outputFor(transform, input, into);
    const written = native(() => transform.runWhole(input, output));
    return trimmed(output, written);
  } finally {
    // Its keys are wiped by now, but the header of a message that was read can be long.
    transform.release();
  }
}

/**
 * @param {Transform} transform
 * @param {Uint8Array} input
 * @param {Into} into
 */
function outputFor(transform, input, into) {
  const length = native(() => transform.outputLength(input));
  if (length >= PARALLEL_LENGTH) cores().shareCores();
  if (into === undefined) return withHugePages(Buffer.allocUnsafe(length));
  if (into instanceof Uint8Array) return args.outputBuffer(into, length, input);
  return pooled().takeOutput(into, length, transform.writesPlaintext);
}

/**
 * Throws if an output of a pool was released.
 *
 * @param {Into} into
 */
function throwIfReleased(into) {
  if (into !== undefined && !(into instanceof Uint8Array)) pooled().checkHeld(into);
}

/**
 * Overwrites output that was not verified; a buffer that was detached meanwhile has no length.
 *
 * @param {Buffer} output
 */
function wipe(output) {
  if (output.length) output.fill(0);
}

/**
 * Returns what was written of an output; the length of a signature is not known beforehand.
 *
 * @param {Buffer<ArrayBuffer>} output
 * @param {number} written
 */
function trimmed(output, written) {
  return written === output.length ? output : output.subarray(0, written);
}

/**
 * Returns a new output, with huge pages where it has room for them.
 *
 * @param {Buffer<ArrayBuffer>} output
 */
function withHugePages(output) {
  if (output.length >= HUGE_PAGES_LENGTH) binding.preferHugePages(output);
  return output;
}

module.exports = { run, runAtOnce, withHugePages };
