'use strict';

// Taken when the package is loaded: tests replace the global ones with timers that never run, and
// jsdom lacks some.
const { clearInterval, setImmediate, setInterval } = require('node:timers');

/** Lets the event loop turn once. `node:timers/promises` would do the same, and take a millisecond to load. */
function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

module.exports = { clearInterval, nextTurn, setImmediate, setInterval };
