'use strict';

const { aborted, fromNative } = require('../errors.js');
const { warnOfUnlockedKeys } = require('../native/warning.js');
const { lazy } = require('../lazy.js');

// `node:async_hooks`, which one of them needs, takes as long to load as three files of ours.
const callers = lazy(() => require('./caller.js'));
const signals = lazy(() => require('./signal.js'));

/**
 * Returns what a call of the addon resolves with; cancels the call when the signal fires.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {(caller?: import('./caller.js').Caller) => Promise<T>} call
 * @returns {Promise<T>}
 */
async function abortable(signal, call) {
  throwIfAborted(signal);
  const { cancelCall, closeCaller, needsCaller, openCaller } = callers();
  const caller = signal || needsCaller() ? openCaller(signal !== undefined) : undefined;
  const ignore = signal && signals().onAbort(signal, () => caller && cancelCall(caller));
  try {
    return await call(caller);
  } catch (error) {
    const failure = fromNative(error);
    throw signal && failure.code === 'ERR_ENVELOPE_ABORTED' ? aborted(signal) : failure;
  } finally {
    ignore?.();
    if (caller) closeCaller(caller);
    warnOfUnlockedKeys();
  }
}

/**
 * Returns what work resolves with that cannot be cancelled; rejects as soon as the signal fires.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function untilAborted(signal, work) {
  if (!signal) return work();
  throwIfAborted(signal);
  let ignore = () => {};
  /** @type {Promise<never>} */
  const fired = new Promise((_, reject) => {
    ignore = signals().onAbort(signal, () => reject(aborted(signal)));
  });
  try {
    return await Promise.race([work(), fired]);
  } finally {
    ignore();
  }
}

/**
 * Destroys a stream when the signal fires, so that nobody waits for its next chunk; throws if it has fired
 * already. Returns a function that cancels this.
 *
 * @param {any} stream
 * @param {AbortSignal | undefined} signal
 * @returns {() => void}
 */
function destroyOnAbort(stream, signal) {
  if (!signal) return () => {};
  if (signal.aborted) stream.destroy?.();
  throwIfAborted(signal);
  return signals().onAbort(signal, () => stream.destroy?.(aborted(signal)));
}

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted(signal);
}

module.exports = { abortable, destroyOnAbort, throwIfAborted, untilAborted };
