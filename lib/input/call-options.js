'use strict';

const { byteArray } = require('./bytes.js');
const { flattenContext, options } = require('./plain.js');
const { abortSignal } = require('./signal.js');

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
    into: checkedOptions.into === undefined ? undefined : byteArray(checkedOptions.into, 'into'),
    signal: abortSignal(checkedOptions.signal),
    checkedOptions,
  };
}

/**
 * Returns the context that the options give a new message, if they do.
 *
 * @param {Record<string, unknown>} given
 */
function newContext({ newEncryptionContext: context }) {
  return context === undefined ? undefined : flattenContext(context, 'newEncryptionContext');
}

module.exports = { CONTEXT_AND_SIGNAL, callOptions, newContext };
