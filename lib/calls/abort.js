'use strict';

const { callerFor, callerNeeded, forget } = require('./caller.js');
const { aborted, fromNative } = require('../errors.js');
const { onAbort } = require('./signal.js');
const { warnOfUnlockedKeys } = require('../native/warning.js');

/**
 * Awaits a call of the addon that the signal ends.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {(caller?: import('../../binding').Caller) => Promise<T>} call
 * @returns {Promise<T>}
 */
async function abortable(signal, call) {
  throwIfAborted(signal);
  const caller = signal || callerNeeded() ? callerFor() : undefined;
  const ignore = signal && onAbort(signal, () => caller?.cancel());
  try {
    return await call(caller);
  } catch (error) {
    const own = fromNative(error);
    throw signal && own.code === 'ERR_ENVELOPE_ABORTED' ? aborted(signal) : own;
  } finally {
    ignore?.();
    if (caller) forget(caller);
    warnOfUnlockedKeys();
  }
}

/**
 * Awaits work that nobody can end, but no longer than the signal lets it.
 *
 * @template T
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function untilAborted(signal, work) {
  throwIfAborted(signal);
  let ignore = () => {};
  /** @type {Promise<never>} */
  const fired = new Promise((_, reject) => {
    ignore = onAbort(signal, () => reject(aborted(signal)));
  });
  try {
    return await Promise.race([work(), fired]);
  } finally {
    ignore();
  }
}

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted(signal);
}

module.exports = { abortable, throwIfAborted, untilAborted };
