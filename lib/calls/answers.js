'use strict';

const { isNativeError } = require('node:util').types;

const { EnvelopeError } = require('../errors.js');
const { quotes, sentence } = require('../foreign-text.js');
const { kind } = require('../input/kind.js');

/** The answer of a caller's function that is not what it must be; the message is ours. */
class WrongAnswer extends Error {}

/**
 * Checks an answer of a caller's function as an argument is checked.
 *
 * @template T
 * @param {string} name how the answer is called, for the error
 * @param {(value: unknown, name: string) => T} check
 * @param {unknown} value
 */
function checkAnswer(name, check, value) {
  try {
    return check(value, name);
  } catch (error) {
    throw error instanceof EnvelopeError ? new WrongAnswer(error.message) : error;
  }
}

/**
 * Ends a request with what the caller's function threw, without any secret.
 *
 * @param {{ failed(message: string, cause: string | null, retryable: boolean): void }} request
 * @param {string} name of the function
 * @param {unknown} error what it threw
 * @param {Uint8Array} [secret] what its text must not repeat
 */
function reportFailure(request, name, error, secret = new Uint8Array()) {
  // Of a Proxy even `instanceof` may throw.
  if (isNativeError(error) && error instanceof WrongAnswer) {
    return request.failed(error.message, null, false);
  }
  const { text, retryable } = describeThrown(error);
  const cause = quotes(text, secret)
    ? 'its text holds the data key, and is not shown'
    : sentence(text);
  request.failed(`${name} failed; see \`cause\``, cause, retryable);
}

/**
 * Returns the text of what a function threw, and whether it says `retryable: true`. It may be anything;
 * a getter of it may throw, too, which must not end the process.
 *
 * @param {unknown} error
 */
function describeThrown(error) {
  try {
    const { name, message, retryable } = Object(error);
    const text = typeof message === 'string' ? `${name}: ${message}` : String(error);
    return { text, retryable: retryable === true };
  } catch {
    return { text: `what was thrown cannot be read: ${kind(error)}`, retryable: false };
  }
}

module.exports = { WrongAnswer, checkAnswer, reportFailure };
