'use strict';

const { isPromise } = require('node:util').types;

/**
 * Gives `onError` the error of a promise that a caller's function returned, if it returned one. Nothing
 * else awaits that promise: its rejection would be unhandled, and end the process.
 *
 * @param {unknown} returned what the function returned; no promise, as a rule
 * @param {(error: unknown) => void} onError
 */
function onRejection(returned, onError) {
  if (!isPromise(returned)) return;
  new Promise((resolve) => resolve(returned)).catch(onError);
}

module.exports = { onRejection };
