'use strict';

/** Lets the event loop turn once. `node:timers/promises` would do the same, and take a millisecond to load. */
function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

module.exports = { nextTurn };
