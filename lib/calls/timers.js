'use strict';

// Taken when the package is loaded: tests replace the global ones with timers that never run, and
// jsdom lacks some.
const timers = require('node:timers');

const clearInterval = real('clearInterval');
const clearTimeout = real('clearTimeout');
const setImmediate = real('setImmediate');
const setInterval = real('setInterval');
const setTimeout = real('setTimeout');

/**
 * Returns a timer of Node.js; also where fake ones were installed first. Those of sinon, jest and vitest are
 * one library, whose clock keeps what it replaced.
 *
 * @template {'clearInterval' | 'clearTimeout' | 'setImmediate' | 'setInterval' | 'setTimeout'} Name
 * @param {Name} name
 * @returns {typeof timers[Name]}
 */
function real(name) {
  /** @type {any} */
  const found = timers[name];
  const original = found.clock?.[`_${name}`];
  return typeof original === 'function' ? original : found;
}

/** Lets the event loop turn once. `node:timers/promises` would do the same, and take a millisecond to load. */
function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

module.exports = {
  clearInterval,
  clearTimeout,
  nextTurn,
  setImmediate,
  setInterval,
  setTimeout,
};
