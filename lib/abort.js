'use strict';

const binding = require('../binding.js');
const { aborted, fromNative } = require('./errors.js');

/**
 * Awaits a call of the addon that the signal ends.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {(cancellation?: import('../binding').Cancellation) => Promise<T>} call
 * @returns {Promise<T>}
 */
async function abortable(signal, call) {
  throwIfAborted(signal);
  const cancellation = signal && new binding.Cancellation();
  const onAbort = () => cancellation?.cancel();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await call(cancellation);
  } catch (error) {
    const own = fromNative(error);
    throw signal && own.code === 'ERR_ENVELOPE_ABORTED' ? aborted(signal) : own;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted(signal);
}

module.exports = { abortable, throwIfAborted };
