'use strict';

const { isPromise } = require('node:util').types;

/**
 * Takes the error of a promise that a caller's function returned, where nothing waits for it: else it
 * would be an unhandled rejection, which ends the process.
 *
 * @param {unknown} returned what the function returned; no promise, as a rule
 * @param {(error: unknown) => void} onError
 */
function ifPromise(returned, onError) {
  if (!isPromise(returned)) return;
  new Promise((resolve) => resolve(returned)).catch(onError);
}

module.exports = { ifPromise };
