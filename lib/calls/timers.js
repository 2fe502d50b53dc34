'use strict';

// Taken when the package is loaded: tests replace the global ones with timers that never run, and
// jsdom lacks some.
const timers = require('node:timers');

const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;

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
