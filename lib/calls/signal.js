'use strict';

/**
 * The callbacks that wait for each signal, and our only listener on it: Node.js warns of more than ten.
 *
 * @type {WeakMap<AbortSignal, { callbacks: Set<() => void>, listener: () => void }>}
 */
const listeners = new WeakMap();

/**
 * Calls back when a signal fires, which has not fired yet. Returns a function that cancels this.
 *
 * @param {AbortSignal} signal
 * @param {() => void} callback one for each call, that does not throw
 * @returns {() => void}
 */
function onAbort(signal, callback) {
  const { callbacks, listener } = listeners.get(signal) ?? watch(signal);
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return;
    signal.removeEventListener('abort', listener);
    listeners.delete(signal);
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
  listeners.set(signal, entry);
  return entry;
}

module.exports = { onAbort };
