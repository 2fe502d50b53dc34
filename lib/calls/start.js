'use strict';

const binding = require('../native/load.js');
const { abortable, throwIfAborted } = require('./abort.js');
const { native } = require('../errors.js');

/** @typedef {import('../../binding').Transform} Transform */
/** @typedef {import('../../binding').PendingStart} PendingStart */

/**
 * Starts an operation, and returns it once its keyrings have answered: at once if its keys are at hand.
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
 * Returns a started operation; or a promise of it, if its keyrings must be waited for.
 *
 * @param {AbortSignal | undefined} signal
 * @param {Transform | PendingStart} started
 * @returns {Transform | Promise<Transform>}
 */
function ready(signal, started) {
  if (!(started instanceof binding.PendingStart)) return started;
  const transform = abortable(signal, (caller) => started.run(caller));
  return signal ? unlessAborted(signal, transform) : transform;
}

/**
 * Returns an operation that has started, unless its signal fired just after the answer.
 *
 * @param {AbortSignal} signal
 * @param {Promise<Transform>} started
 */
async function unlessAborted(signal, started) {
  const transform = await started;
  if (signal.aborted) transform.release();
  throwIfAborted(signal);
  return transform;
}

/**
 * Returns a started operation; throws if a keyring must be waited for.
 *
 * @param {Transform | PendingStart} started
 * @returns {Transform}
 */
function readyNow(started) {
  if (started instanceof binding.PendingStart) native(() => started.refuse());
  return /** @type {Transform} */ (started);
}

module.exports = { begin, ready, readyNow };
