'use strict';

// The door: each argument is checked here once, and converted into what cannot change any more.
const { byteArray, bytes, checkUnchanged, outputBuffer, wipe } = require('./input/bytes.js');
const { contextPairs, list, options, take } = require('./input/plain.js');
const { abortSignal } = require('./input/signal.js');
const values = require('./input/values.js');

module.exports = {
  ...values,
  abortSignal,
  byteArray,
  bytes,
  checkUnchanged,
  contextPairs,
  list,
  options,
  outputBuffer,
  take,
  wipe,
};
