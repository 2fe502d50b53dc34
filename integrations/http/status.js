'use strict';

const { STATUS_CODES } = require('node:http');

const args = require('../../lib/input/index.js');
const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { allCodes, PREFIX } = require('../../lib/error-codes.js');

/**
 * The codes, without their prefix, that say more to a client than "try again later" (503, for what may pass)
 * and "the server's fault" (500, for all else).
 *
 * @type {Record<string, number>}
 */
const STATUSES = {
  ABORTED: 503,
  BRANCH_KEY_EXISTS: 409,
  DISK_FULL: 507,
  FILE_EXISTS: 409,
  FILE_NOT_FOUND: 404,
  LENGTH_MISMATCH: 400,
  LIMIT_EXCEEDED: 413,
  RANGE: 416,
  SOURCE_TIMEOUT: 503,
};

/** @typedef {Record<string, number>} Statuses */

/** @type {WeakMap<object, InstanceType<typeof EnvelopeError>>} the errors that were made for clients */
const told = new WeakMap();

/**
 * Returns the HTTP status of an error of this package, from 400 to 599.
 *
 * @param {InstanceType<typeof EnvelopeError>} error
 * @param {Statuses} [statuses] the application's own statuses, by code
 */
function statusOf({ code, category, retryable }, statuses = {}) {
  const name = code.slice(PREFIX.length);
  if (Object.hasOwn(statuses, code)) return /** @type {number} */ (statuses[code]);
  if (Object.hasOwn(STATUSES, name)) return /** @type {number} */ (STATUSES[name]);
  return retryable || category === 'service' ? 503 : 500;
}

/**
 * Returns what a client is told of an error: a status and its usual words. Neither the message nor the code
 * is among it: they may name keys, accounts and paths, and would tell apart the ways that decryption fails.
 *
 * @param {InstanceType<typeof EnvelopeError>} error
 * @param {Statuses} [statuses]
 * @returns {{ status: number, message: string, headers: Record<string, string> }}
 */
function publicAnswer(error, statuses) {
  const status = statusOf(error, statuses);
  const { retryAfterMs } = /** @type {any} */ (error);
  /** @type {Record<string, string>} */
  const headers =
    status === 503 && Number.isFinite(retryAfterMs)
      ? { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }
      : {};
  return { status, message: STATUS_CODES[status] ?? 'Error', headers };
}

/**
 * Returns an error in the form that Express and Fastify send: what they tell a client is safe, and `cause` has
 * the whole error for the log. What is no error of this package is returned as it is.
 *
 * @param {unknown} error
 * @param {Statuses} [statuses]
 * @returns {unknown}
 */
function publicError(error, statuses = {}) {
  // A handler of files has told it already; the application may still have a status of its own.
  const known = told.get(/** @type {object} */ (error));
  if (known) return Object.hasOwn(statuses, known.code) ? publicError(known, statuses) : error;
  if (!(error instanceof EnvelopeError)) return error;
  const { status, message, headers } = publicAnswer(error, statuses);
  const answer = new Error(message, { cause: error });
  told.set(answer, error);
  return Object.assign(answer, { status, statusCode: status, expose: false, headers });
}

/**
 * Returns the application's own statuses, checked.
 *
 * @param {unknown} statuses
 * @returns {Statuses}
 */
function ownStatuses(statuses) {
  const checkedStatuses = args.options(statuses, allCodes(), 'statuses');
  for (const [code, status] of Object.entries(checkedStatuses)) {
    args.integer(status, code, 400, 599);
  }
  return /** @type {Statuses} */ (checkedStatuses);
}

/**
 * Returns a function of the caller's, or nothing.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {Function | undefined}
 */
function optionalFunction(value, name) {
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(`${name} must be a function`);
}

module.exports = { optionalFunction, ownStatuses, publicAnswer, publicError };
