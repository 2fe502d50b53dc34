'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { WrongAnswer, checkAnswer, reportFailure } = require('../calls/answers.js');
const { noteCustomKeyring, runAsCaller } = require('../calls/caller.js');
const { invalid } = require('../errors.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');

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
  const checkedOptions = args.options(options, OPTIONS);
  const providerId = args.string(checkedOptions.providerId, 'providerId');
  for (const name of /** @type {const} */ (['wrapDataKey', 'unwrapDataKey'])) {
    if (typeof checkedOptions[name] !== 'function') throw invalid(`${name} must be a function`);
  }
  const { wrapDataKey, unwrapDataKey } = /** @type {Options} */ (
    /** @type {unknown} */ (checkedOptions)
  );
  noteCustomKeyring();
  const guard = guardOptions(checkedOptions);
  return binding.customKeyring(providerId, guard, (request, callerId, keyName) => {
    const unwraps = typeof keyName === 'string';
    const answer = () =>
      unwraps ? unwrap(request, keyName, unwrapDataKey) : wrap(request, wrapDataKey);
    runAsCaller(callerId, answer).catch((error) =>
      reportFailure(request, unwraps ? 'unwrapDataKey' : 'wrapDataKey', error),
    );
  });
}

/**
 * @param {Request} request
 * @param {Options['wrapDataKey']} wrapDataKey
 */
async function wrap(request, wrapDataKey) {
  const dataKey = /** @type {Buffer<ArrayBuffer>} */ (request.takeDataKey());
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
    reportFailure(request, 'wrapDataKey', error, dataKey);
  } finally {
    args.wipe(dataKey);
  }
}

/**
 * @param {Request} request
 * @param {string} keyName of the key that wrapped
 * @param {Options['unwrapDataKey']} unwrapDataKey
 */
async function unwrap(request, keyName, unwrapDataKey) {
  const dataKey = await unwrapDataKey({
    ciphertext: /** @type {Buffer<ArrayBuffer>} */ (request.takeCiphertext()),
    keyName,
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

module.exports = { customKeyring };
