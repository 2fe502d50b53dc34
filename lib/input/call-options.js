'use strict';

const { isUint8Array } = require('node:util').types;

const { byteArray } = require('./bytes.js');
const { flattenContext, options } = require('./plain.js');

/** What a call takes that makes no new message. */
const CONTEXT_AND_SIGNAL = /** @type {const} */ (['encryptionContext', 'signal']);

/**
 * Returns the options that most calls have, checked and converted, and all that were given.
 *
 * @template {string} K
 * @param {unknown} value
 * @param {readonly K[]} known the names of the options that this call takes
 */
function callOptions(value, known) {
  /** @type {Record<string, unknown>} */
  const checkedOptions = options(value, known);
  return {
    encryptionContext: flattenContext(checkedOptions.encryptionContext),
    into: checkedOptions.into === undefined ? undefined : output(checkedOptions.into),
    signal: abortSignal(checkedOptions.signal),
    checkedOptions,
  };
}

/**
 * Returns a signal of Node.js, or one that fires with the signal of another library or realm.
 *
 * @param {unknown} signal
 */
function abortSignal(signal) {
  // Loaded when it is first needed: a program starts sooner.
  return signal === undefined ? undefined : require('./signal.js').abortSignal(signal);
}

/**
 * Returns where an output is to go: the bytes of a buffer, or an output of a pool.
 *
 * @param {unknown} into
 */
function output(into) {
  if (isUint8Array(into)) return byteArray(into, 'into');
  // Loaded when it is first needed, as above.
  return require('./pooled-output.js').pooledOutput(into);
}

/**
 * Returns the context that the options give a new message, if they do.
 *
 * @param {Record<string, unknown>} given
 */
function newContext({ newEncryptionContext: context }) {
  return context === undefined ? undefined : flattenContext(context, 'newEncryptionContext');
}

module.exports = { CONTEXT_AND_SIGNAL, abortSignal, callOptions, newContext };
