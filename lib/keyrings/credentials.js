'use strict';

const { isDate, isNativeError } = require('node:util').types;

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { noteCustomKeyring, runAsCaller } = require('../calls/caller.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { sentence } = require('../foreign-text.js');
const { kind } = require('../input/kind.js');

/** @typedef {import('../../binding').CredentialsRequest} Request */
/** @typedef {import('../../binding').NativeAccessKeys} Keys */

/** What the JavaScript SDK's access keys have; what stands last is of no use here. */
const KEYS = /** @type {const} */ ([
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'expiration',
  'accountId',
  'credentialScope',
  '$source',
]);
const getTime = Function.prototype.call.bind(Date.prototype.getTime);

/**
 * Returns the native half of the option `credentials`.
 *
 * @param {unknown} credentials access keys, or a function that returns them
 */
function nativeCredentials(credentials) {
  if (credentials === undefined) return undefined;
  if (typeof credentials !== 'function') {
    if (typeof credentials !== 'object' || credentials === null) {
      throw invalid(
        'credentials must be { accessKeyId, secretAccessKey, sessionToken, expiration }, or a ' +
          `function that returns them, not ${kind(credentials)}`,
      );
    }
    return binding.Credentials.ofKeys(
      accessKeys(args.options(credentials, KEYS, 'credentials'), 'credentials.'),
    );
  }
  noteCustomKeyring();
  return binding.Credentials.ofFunction((request) => {
    const ask = () => supply(request, credentials);
    runAsCaller(request.callerId, ask).catch(() => {});
  });
}

/**
 * Asks the caller's function as a client of the JavaScript SDK would: a role is assumed in the Region
 * of that client, unless the provider names another.
 *
 * @param {Request} request
 * @param {Function} provide
 */
async function supply(request, provide) {
  const { region } = request;
  const callerClientConfig = { region: async () => region };
  try {
    request.supplied(answered(await provide({ callerClientConfig })));
  } catch (error) {
    // Of a Proxy even `instanceof` may throw.
    if (isNativeError(error) && error instanceof WrongAnswer) {
      return request.failed(`its function returned a wrong answer: ${error.message}`, null, false);
    }
    const { text, retryable } = describeThrown(error);
    request.failed('its function failed; see `cause`', sentence(text), retryable);
  }
}

/** The answer of the caller's function that is not what it must be; the message is ours. */
class WrongAnswer extends Error {}

/**
 * Returns the keys of an answer, each read once.
 *
 * @param {unknown} answer
 */
function answered(answer) {
  if (typeof answer !== 'object' || answer === null) {
    throw new WrongAnswer(`${kind(answer)}, not { accessKeyId, secretAccessKey, ... }`);
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId } =
    /** @type {Record<string, unknown>} */ (answer);
  try {
    return accessKeys({ accessKeyId, secretAccessKey, sessionToken, expiration, accountId }, '');
  } catch (error) {
    throw error instanceof EnvelopeError ? new WrongAnswer(error.message) : error;
  }
}

/**
 * Returns access keys as the addon takes them.
 *
 * @param {{ [name in typeof KEYS[number]]?: unknown }} credentials
 * @param {string} of what their names begin with, for the error
 * @returns {Keys}
 */
function accessKeys(credentials, of) {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId } = credentials;
  return {
    accessKeyId: key(accessKeyId, `${of}accessKeyId`),
    secretAccessKey: key(secretAccessKey, `${of}secretAccessKey`),
    sessionToken: optionalKey(sessionToken, `${of}sessionToken`),
    accountId: optionalKey(accountId, `${of}accountId`),
    expiresAtMs: expiration === undefined ? undefined : time(expiration, `${of}expiration`),
  };
}

/**
 * A part of the keys, which becomes part of a header. It is never shown.
 *
 * @param {unknown} value
 * @param {string} name
 */
function key(value, name) {
  const text = args.string(value, name);
  if (/^[!-~]+$/.test(text)) return text;
  throw invalid(
    `${name} has a space, a line break or another character in it that no key has; give the key alone`,
  );
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function optionalKey(value, name) {
  return value === undefined ? undefined : key(value, name);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function time(value, name) {
  const ms = isDate(value) ? getTime(value) : NaN;
  if (Number.isFinite(ms)) return ms;
  throw invalid(
    `${name} must be a valid Date, not ${isDate(value) ? 'an invalid one' : kind(value)}`,
  );
}

/**
 * Returns the text of what the function threw, and whether it may pass, as its own word or that of the
 * JavaScript SDK says. It may be anything; a getter of it may throw, too.
 *
 * @param {unknown} error
 */
function describeThrown(error) {
  try {
    const { name, message, retryable, $retryable } = Object(error);
    const text = typeof message === 'string' ? `${name}: ${message}` : String(error);
    return { text, retryable: retryable === true || Object($retryable) === $retryable };
  } catch {
    return { text: `what was thrown cannot be read: ${kind(error)}`, retryable: false };
  }
}

module.exports = { nativeCredentials };
