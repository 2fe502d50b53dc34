'use strict';

const { isUint8Array } = require('node:util/types');

const binding = require('../binding.js');
const args = require('./arguments.js');
const { invalid } = require('./errors.js');
const { quotes, sentence } = require('./foreign_text.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');

/** @typedef {import('../binding').CustomRequest} Request */
/** @typedef {import('../index').CustomKeyringOptions} Options */

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
  return binding.customKeyring(providerId, guardOptions(given), (request) => {
    const asked =
      request.keyName === null ? wrap(request, wrapDataKey) : unwrap(request, unwrapDataKey);
    asked.catch((error) => fail(request, error));
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
    if (!isUint8Array(ciphertext) || ciphertext.length === 0) {
      throw wrongType(
        'wrapDataKey must resolve with { ciphertext, keyName }: ciphertext is no bytes',
      );
    }
    if (typeof keyName !== 'string') {
      throw wrongType(
        'wrapDataKey must resolve with { ciphertext, keyName }: keyName is no string',
      );
    }
    request.wrapped(ciphertext, keyName);
  } catch (error) {
    // Its text is looked at while the data key is still known.
    fail(request, error, dataKey);
  } finally {
    dataKey.fill(0);
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
  if (!isUint8Array(dataKey)) {
    throw wrongType('unwrapDataKey must resolve with the bytes of the data key, or with undefined');
  }
  try {
    request.unwrapped(dataKey);
  } finally {
    dataKey.fill(0);
  }
}

function contextOf(/** @type {Request} */ request) {
  return Object.fromEntries(request.context);
}

/** A mistake in the caller's function: its message is ours, and has no cause. */
class WrongType extends Error {}

function wrongType(/** @type {string} */ message) {
  return new WrongType(message);
}

/**
 * @param {Request} request
 * @param {unknown} error what the function threw
 * @param {Uint8Array} [secret] what its text must not repeat
 */
function fail(request, error, secret = new Uint8Array()) {
  if (error instanceof WrongType) return request.failed(error.message, null, false);
  const name = request.keyName === null ? 'wrapDataKey' : 'unwrapDataKey';
  const { retryable } = Object(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const cause = quotes(text, secret)
    ? 'its text holds the data key, and is not shown'
    : sentence(text);
  request.failed(`${name} failed; see \`cause\``, cause, retryable === true);
}

module.exports = { customKeyring };
