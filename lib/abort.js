'use strict';

const { callerFor, watched } = require('./caller.js');
const { aborted, fromNative } = require('./errors.js');
const { warnOfUnlockedKeys } = require('./warning.js');

/**
 * Awaits a call of the addon that the signal ends.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {(caller?: import('../binding').Caller) => Promise<T>} call
 * @returns {Promise<T>}
 */
async function abortable(signal, call) {
  throwIfAborted(signal);
  const caller = signal || watched() ? callerFor() : undefined;
  const onAbort = () => caller?.cancel();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await call(caller);
  } catch (error) {
    const own = fromNative(error);
    throw signal && own.code === 'ERR_ENVELOPE_ABORTED' ? aborted(signal) : own;
  } finally {
    signal?.removeEventListener('abort', onAbort);
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
  let stop = () => {};
  /** @type {Promise<never>} */
  const fired = new Promise((_, reject) => {
    stop = () => reject(aborted(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work(), fired]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted(signal);
}

module.exports = { abortable, throwIfAborted, untilAborted };
