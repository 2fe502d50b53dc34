'use strict';

// The door: each argument is checked here once, and converted into what cannot change any more.
const {
  byteArray,
  byteLength,
  bytes,
  checkUnchanged,
  isOwnArray,
  outputBuffer,
  overlaps,
  startOf,
  wipe,
} = require('./bytes.js');
const { CONTEXT_AND_SIGNAL, abortSignal, callOptions, newContext } = require('./call-options.js');
const { flattenContext, isArray, list, options, take } = require('./plain.js');
const values = require('./values.js');

module.exports = {
  ...values,
  CONTEXT_AND_SIGNAL,
  abortSignal,
  byteArray,
  byteLength,
  bytes,
  callOptions,
  checkUnchanged,
  flattenContext,
  isArray,
  isOwnArray,
  list,
  newContext,
  options,
  outputBuffer,
  overlaps,
  startOf,
  take,
  wipe,
};
