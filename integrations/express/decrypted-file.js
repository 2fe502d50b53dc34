'use strict';

const { STATUS_CODES } = require('node:http');
const { pipeline } = require('node:stream/promises');

const args = require('../../lib/input/index.js');
const { answerWith } = require('../http/answer.js');
const { checkedEnvelope, checkedFile } = require('../http/file.js');
const { isHeaderName, isHeaderValue } = require('../http/headers.js');
const { hangUpSignal } = require('../http/hang-up.js');
const { optionalFunction, ownStatuses, publicError } = require('../http/status.js');

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {(error?: unknown) => void} Next */
/** @typedef {{ statuses: import('../http/status.js').Statuses, onError: Function | undefined }} Settings */

/**
 * Returns a handler of GET and HEAD requests for an encrypted file, for Express and for `node:http`.
 *
 * @param {unknown} envelope
 * @param {unknown} file what to send; or a function of the request and its signal that returns it, or nothing
 * @param {unknown} [options]
 */
function decryptedFile(envelope, file, options) {
  const opened = checkedEnvelope(envelope);
  const checkedOptions = args.options(options, /** @type {const} */ (['statuses', 'onError']));
  const settings = {
    statuses: ownStatuses(checkedOptions.statuses),
    onError: optionalFunction(checkedOptions.onError, 'onError'),
  };
  if (typeof file !== 'function') checkedFile(file);
  const find = typeof file === 'function' ? file : () => file;

  /**
   * @param {Request} request
   * @param {Response} response
   * @param {Next} [next] of Express
   */
  return async function sendDecryptedFile(request, response, next) {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (next) return next();
      return end(response, 405, { Allow: 'GET, HEAD' });
    }
    const { signal, stop } = hangUpSignal(response);
    try {
      if (signal.aborted) return undefined;
      const found = await find(request, { signal });
      if (found === undefined || found === null) return next ? next() : end(response, 404);
      const answer = await answerWith(opened, checkedFile(found), request, signal);
      await send(response, answer);
    } catch (error) {
      if (!signal.aborted || !isHangUp(error)) fail(error, response, next, settings);
    } finally {
      stop();
    }
  };
}

/**
 * Sends an answer; resolves once the client has it. Headers that are set already stay.
 *
 * @param {Response} response
 * @param {import('../http/answer.js').Answer} answer
 */
async function send(response, { status, headers, body }) {
  const added = Object.entries(headers).filter(([name]) => !response.hasHeader(name));
  try {
    for (const [name, value] of added) response.setHeader(name, value);
    response.statusCode = status;
    if (body) await pipeline(body, response);
    else response.end();
  } catch (error) {
    body?.destroy();
    // What follows is an answer of its own.
    if (!response.headersSent) for (const [name] of added) response.removeHeader(name);
    throw error;
  }
}

/**
 * Returns whether an error only says that the client has gone, as players do whenever they seek.
 *
 * @param {any} error
 */
function isHangUp(error) {
  return error?.code === 'ERR_STREAM_PREMATURE_CLOSE' || error?.name === 'AbortError';
}

/**
 * Tells of an error. Once something has been sent, no status can: the connection breaks off.
 *
 * @param {unknown} error
 * @param {Response} response
 * @param {Next | undefined} next
 * @param {Settings} settings
 */
function fail(error, response, next, { statuses, onError }) {
  tell(error, onError);
  const told = publicError(error, statuses);
  if (response.headersSent) response.destroy();
  if (next) return next(told);
  if (response.headersSent) return undefined;
  const { status, headers } = Object(told);
  return end(response, isErrorStatus(status) ? status : 500, sendable(headers));
}

/**
 * Tells the application of an error. What it throws then is no reason to leave the client without an answer.
 *
 * @param {unknown} error
 * @param {Function | undefined} onError
 */
function tell(error, onError) {
  try {
    onError?.(error);
  } catch (failure) {
    process.emitWarning(`onError of decryptedFile has failed: ${failure}`, 'KmsEnvelopeWarning');
  }
}

/**
 * Returns those headers of an error that can be sent: it may be an error of anybody's.
 *
 * @param {unknown} headers
 * @returns {Record<string, string>}
 */
function sendable(headers) {
  const entries = Object.entries(Object(headers));
  return Object.fromEntries(
    entries.filter(([name, value]) => isHeaderName(name) && isHeaderValue(value)),
  );
}

/** @param {unknown} status */
function isErrorStatus(status) {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599;
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {Record<string, string>} [headers]
 */
function end(response, status, headers = {}) {
  response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${STATUS_CODES[status] ?? 'Error'}\n`);
}

module.exports = { decryptedFile };
