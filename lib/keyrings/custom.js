'use strict';

const { isNativeError } = require('node:util').types;

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { noteCustomKeyring, runAsCaller } = require('../calls/caller.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { quotes, sentence } = require('../foreign-text.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');
const { kind } = require('../input/kind.js');

/** @typedef {import('../../binding').CustomRequest} Request */
/** @typedef {import('../../index').CustomKeyringOptions} Options */

const OPTIONS = /** @type {const} */ ([
  'providerId',
  'wrapDataKey',
  'unwrapDataKey',
  ...GUARD_OPTIONS,
]);

/**
 * Returns the native keyring of a `CustomKeyring`'s options.
 *
 * @param {unknown} options
 */
function customKeyring(options) {
  const given = args.options(options, OPTIONS);
  const providerId = args.string(given.providerId, 'providerId');
  for (const name of /** @type {const} */ (['wrapDataKey', 'unwrapDataKey'])) {
    if (typeof given[name] !== 'function') throw invalid(`${name} must be a function`);
  }
  const { wrapDataKey, unwrapDataKey } = /** @type {Options} */ (/** @type {unknown} */ (given));
  noteCustomKeyring();
  return binding.customKeyring(providerId, guardOptions(given), (request) => {
    const ask = () =>
      request.keyName === null ? wrap(request, wrapDataKey) : unwrap(request, unwrapDataKey);
    runAsCaller(request.callerId, ask).catch((error) => reportFailure(request, error));
  });
}

/**
 * @param {Request} request
 * @param {Options['wrapDataKey']} wrapDataKey
 */
async function wrap(request, wrapDataKey) {
  const dataKey = /** @type {Buffer} */ (request.takeDataKey());
  try {
    const wrapped = await wrapDataKey({ dataKey, encryptionContext: contextOf(request) });
    const { ciphertext, keyName } = Object(wrapped);
    const answer = 'wrapDataKey must resolve with { ciphertext, keyName }';
    const bytes = checkAnswer(`${answer}: ciphertext`, args.byteArray, ciphertext);
    if (bytes.length === 0) throw new WrongAnswer(`${answer}: ciphertext is empty`);
    if (typeof keyName !== 'string') throw new WrongAnswer(`${answer}: keyName is no string`);
    if (!keyName.isWellFormed()) {
      throw new WrongAnswer(`${answer}: keyName is not well-formed Unicode`);
    }
    request.wrapped(bytes, keyName);
  } catch (error) {
    // Before the data key is wiped: the error's text must not repeat it.
    reportFailure(request, error, dataKey);
  } finally {
    args.wipe(dataKey);
  }
}

/**
 * @param {Request} request
 * @param {Options['unwrapDataKey']} unwrapDataKey
 */
async function unwrap(request, unwrapDataKey) {
  const dataKey = await unwrapDataKey({
    ciphertext: /** @type {Buffer} */ (request.takeCiphertext()),
    keyName: /** @type {string} */ (request.keyName),
    encryptionContext: contextOf(request),
  });
  if (dataKey === undefined || dataKey === null) return request.unwrapped(null);
  const answer = 'unwrapDataKey must resolve with the bytes of the data key, or with undefined';
  const bytes = checkAnswer(`${answer}: they`, args.byteArray, dataKey);
  try {
    request.unwrapped(bytes);
  } finally {
    args.wipe(bytes);
  }
}

function contextOf(/** @type {Request} */ request) {
  return Object.fromEntries(request.context);
}

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
 * @param {Request} request
 * @param {unknown} error what the function threw
 * @param {Uint8Array} [secret] what its text must not repeat
 */
function reportFailure(request, error, secret = new Uint8Array()) {
  // Of a Proxy even `instanceof` may throw.
  if (isNativeError(error) && error instanceof WrongAnswer) {
    return request.failed(error.message, null, false);
  }
  const name = request.keyName === null ? 'wrapDataKey' : 'unwrapDataKey';
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

module.exports = { customKeyring };
