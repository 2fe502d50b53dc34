'use strict';

const { isUint8Array } = require('node:util').types;

const { byteArray } = require('./bytes.js');
const { flattenContext, options } = require('./plain.js');
const { lazy } = require('../lazy.js');

const pooledOutputs = lazy(() => require('./pooled-output.js'));
const signals = lazy(() => require('./signal.js'));

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
  return signal === undefined ? undefined : signals().abortSignal(signal);
}

/**
 * Returns where an output is to go: the bytes of a buffer, or an output of a pool.
 *
 * @param {unknown} into
 */
function output(into) {
  return isUint8Array(into) ? byteArray(into, 'into') : pooledOutputs().pooledOutput(into);
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
