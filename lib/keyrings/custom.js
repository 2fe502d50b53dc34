'use strict';

const { isNativeError } = require('node:util').types;

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { asCaller, expectFunctions } = require('../calls/caller.js');
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
 * The native keyring of a `CustomKeyring`'s options.
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
  expectFunctions();
  return binding.customKeyring(providerId, guardOptions(given), (request) => {
    const ask = () =>
      request.keyName === null ? wrap(request, wrapDataKey) : unwrap(request, unwrapDataKey);
    asCaller(request.callerId, ask).catch((error) => fail(request, error));
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
    const bytes = checked(`${answer}: ciphertext`, args.byteArray, ciphertext);
    if (bytes.length === 0) throw new WrongType(`${answer}: ciphertext is empty`);
    if (typeof keyName !== 'string') throw new WrongType(`${answer}: keyName is no string`);
    if (!keyName.isWellFormed()) {
      throw new WrongType(`${answer}: keyName is not well-formed Unicode`);
    }
    request.wrapped(bytes, keyName);
  } catch (error) {
    // Its text is looked at while the data key is still known.
    fail(request, error, dataKey);
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
  const bytes = checked(`${answer}: they`, args.byteArray, dataKey);
  try {
    request.unwrapped(bytes);
  } finally {
    args.wipe(bytes);
  }
}

function contextOf(/** @type {Request} */ request) {
  return Object.fromEntries(request.context);
}

/** A mistake in the caller's function: its message is ours, and has no cause. */
class WrongType extends Error {}

/**
 * What a check of an argument says of an answer.
 *
 * @template T
 * @param {string} name how the answer is called, for the error
 * @param {(value: unknown, name: string) => T} check
 * @param {unknown} value
 */
function checked(name, check, value) {
  try {
    return check(value, name);
  } catch (error) {
    throw error instanceof EnvelopeError ? new WrongType(error.message) : error;
  }
}

/**
 * @param {Request} request
 * @param {unknown} error what the function threw
 * @param {Uint8Array} [secret] what its text must not repeat
 */
function fail(request, error, secret = new Uint8Array()) {
  // Of a Proxy even `instanceof` may throw.
  if (isNativeError(error) && error instanceof WrongType) {
    return request.failed(error.message, null, false);
  }
  const name = request.keyName === null ? 'wrapDataKey' : 'unwrapDataKey';
  const { text, retryable } = read(error);
  const cause = quotes(text, secret)
    ? 'its text holds the data key, and is not shown'
    : sentence(text);
  request.failed(`${name} failed; see \`cause\``, cause, retryable);
}

/**
 * What the function threw may be anything: a getter of it may throw, too, and must not be the end of
 * the process.
 *
 * @param {unknown} error
 */
function read(error) {
  try {
    const { name, message, retryable } = Object(error);
    const text = typeof message === 'string' ? `${name}: ${message}` : String(error);
    return { text, retryable: retryable === true };
  } catch {
    return { text: `what was thrown cannot be read: ${kind(error)}`, retryable: false };
  }
}

module.exports = { customKeyring };
