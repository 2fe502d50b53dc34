'use strict';

const { native } = require('../errors.js');
const { Pace } = require('../calls/pace.js');
const { nextTurn } = require('../calls/timers.js');

/**
 * Writes the whole output of a whole input, one slice in each turn of the event loop; returns its length.
 *
 * @param {import('../../binding').Transform} transform
 * @param {Uint8Array} input
 * @param {number} length what it was when it was given
 * @param {Buffer} output
 * @param {() => void} goOn throws if the call is to end
 */
async function runInSlices(transform, input, length, output, goOn) {
  const pace = new Pace();
  let at = native(() => transform.head(output));
  let from = transform.inputStart;
  while (length - from > pace.slice) {
    const to = from + pace.slice;
    at += pace.time(() => native(() => transform.update(input, from, to, output, at)));
    from = to;
    await nextTurn();
    goOn();
  }
  return at + native(() => transform.finish(input, from, length, output, at));
}

module.exports = { runInSlices };
