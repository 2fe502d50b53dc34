'use strict';

// The door: each argument is checked here once, and converted into what cannot change any more.
const { byteArray, bytes, checkUnchanged, outputBuffer, wipe } = require('./bytes.js');
const { contextPairs, list, options, take } = require('./plain.js');
const { abortSignal } = require('./signal.js');
const values = require('./values.js');

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
