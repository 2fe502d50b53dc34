'use strict';

/**
 * Who waits for a signal, and the one listener that it has of ours: it warns of more than ten.
 *
 * @type {WeakMap<AbortSignal, { callbacks: Set<() => void>, listener: () => void }>}
 */
const watched = new WeakMap();

/**
 * Calls back when a signal fires that has not yet; returns what ends the waiting.
 *
 * @param {AbortSignal} signal
 * @param {() => void} callback one for each call, that does not throw
 * @returns {() => void}
 */
function onAbort(signal, callback) {
  const { callbacks, listener } = watched.get(signal) ?? watch(signal);
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return;
    signal.removeEventListener('abort', listener);
    watched.delete(signal);
  };
}

/** @param {AbortSignal} signal */
function watch(signal) {
  /** @type {Set<() => void>} */
  const callbacks = new Set();
  const listener = () => {
    // What one of them ends may end the waiting of others.
    for (const callback of [...callbacks]) callback();
  };
  const entry = { callbacks, listener };
  signal.addEventListener('abort', listener);
  watched.set(signal, entry);
  return entry;
}

module.exports = { onAbort };
