'use strict';

const { hasFunction } = require('../../lib/input/functions.js');
const args = require('../../lib/input/index.js');
const { unknownObject } = require('../../lib/input/copies.js');
const { invalid } = require('../../lib/errors.js');
const { isHeaderValue } = require('./headers.js');
const { kind } = require('../../lib/input/kind.js');

const OPTIONS = /** @type {const} */ ([
  'source',
  'message',
  'encryptionContext',
  'type',
  'filename',
  'inline',
  'etag',
  'lastModified',
  'cacheControl',
]);
const ETAG = /^"[\x21\x23-\x7e]*"$/;

/** @typedef {ReturnType<typeof checkedFile>} FoundFile */

/**
 * Returns what the application says of the file that a client asked for, checked.
 *
 * @param {unknown} file
 */
function checkedFile(file) {
  const checkedFile = args.options(file, OPTIONS, 'the file');
  const { source, message, etag, lastModified } = checkedFile;
  if ((source === undefined) === (message === undefined)) {
    throw invalid('the file needs a source, or a message that is open already; give one of them');
  }
  if (message !== undefined && !hasFunction(message, 'stream')) {
    throw invalid(`message must be what openMessage gave, not ${kind(message)}`);
  }
  if (message !== undefined && checkedFile.encryptionContext !== undefined) {
    throw invalid('give the encryptionContext to openMessage, where the message is open already');
  }
  if (lastModified !== undefined && !isTime(lastModified)) {
    throw invalid('lastModified must be a Date');
  }
  if (etag !== undefined && !ETAG.test(args.string(etag, 'etag'))) {
    throw invalid('etag must be a strong entity tag, in its quotes');
  }
  return {
    source: /** @type {any} */ (source),
    message: /** @type {import('../../index').OpenedMessage | undefined} */ (message),
    encryptionContext: /** @type {any} */ (checkedFile.encryptionContext),
    type: headerValue(checkedFile.type, 'type') ?? 'application/octet-stream',
    filename: args.optionalString(checkedFile.filename, 'filename'),
    inline: args.optionalBoolean(checkedFile.inline, 'inline') ?? false,
    etag: /** @type {string | undefined} */ (etag),
    lastModified: /** @type {Date | undefined} */ (lastModified),
    cacheControl: headerValue(checkedFile.cacheControl, 'cacheControl') ?? 'no-store',
  };
}

/**
 * Returns an optional text that is sent as a header.
 *
 * @param {unknown} value
 * @param {string} name
 */
function headerValue(value, name) {
  const text = args.optionalString(value, name);
  if (text === undefined || isHeaderValue(text)) return text;
  throw invalid(`${name} must be a text that a header can have: in one line, of Latin letters`);
}

/** @param {unknown} value */
function isTime(value) {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

/**
 * Returns the envelope if it is one of this copy of the package.
 *
 * @param {unknown} envelope
 * @returns {import('../../index').Envelope}
 */
function checkedEnvelope(envelope) {
  // Not looked at for its class: what is tested may put a stand-in here.
  if (hasFunction(envelope, 'openMessage') && hasFunction(envelope, 'encryptStream')) {
    return /** @type {any} */ (envelope);
  }
  throw unknownObject(envelope, 'Envelope', 'the envelope', 'must be an Envelope');
}

module.exports = { checkedEnvelope, checkedFile };
