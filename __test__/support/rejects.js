'use strict';

const assert = require('node:assert/strict');
const { EnvelopeError } = require('../..');
const { categoryOf } = require('../../lib/error-codes.js');

/**
 * The `EnvelopeError` with this code (without its prefix) that the promise rejects with.
 *
 * @param {Promise<unknown>} promise
 * @param {string} code
 */
async function rejection(promise, code) {
  const error = await promise.then(
    () => assert.fail(`expected ${code}, but nothing failed`),
    (reason) => reason,
  );
  return checked(error, code);
}

/**
 * The same for a call that throws.
 *
 * @param {() => unknown} call
 * @param {string} code
 */
function thrown(call, code) {
  try {
    call();
  } catch (error) {
    return checked(error, code);
  }
  assert.fail(`expected ${code}, but nothing failed`);
}

function checked(error, code) {
  assert.ok(error instanceof EnvelopeError, String(error?.stack ?? error));
  assert.equal(error.code, `ERR_ENVELOPE_${code}`, error.message);
  assert.equal(error.category, categoryOf(error.code));
  assert.ok(error.message.length > 20, 'an error says what to do');
  return error;
}

module.exports = { rejection, thrown };
