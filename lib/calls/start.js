'use strict';

const binding = require('../native/load.js');
const { abortable, throwIfAborted } = require('./abort.js');
const { native } = require('../errors.js');

/** @typedef {import('../../binding').Transform} Transform */
/** @typedef {import('../../binding').PendingStart} PendingStart */

/**
 * Starts an operation; now if its keys are at hand, else when the keyrings have answered.
 *
 * @param {AbortSignal | undefined} signal
 * @param {() => Transform | PendingStart} start
 * @returns {Promise<Transform>}
 */
async function begin(signal, start) {
  throwIfAborted(signal);
  return ready(signal, native(start));
}

/**
 * Returns what was started, once its keyrings have answered.
 *
 * @param {AbortSignal | undefined} signal
 * @param {Transform | PendingStart} started
 * @returns {Promise<Transform>}
 */
async function ready(signal, started) {
  if (!(started instanceof binding.PendingStart)) return started;
  return abortable(signal, (caller) => started.run(caller));
}

/**
 * Returns what was started, unless a keyring must be waited for.
 *
 * @param {Transform | PendingStart} started
 * @returns {Transform}
 */
function readyNow(started) {
  if (started instanceof binding.PendingStart) native(() => started.refuse());
  return /** @type {Transform} */ (started);
}

module.exports = { begin, ready, readyNow };
