'use strict';

const { isProxy } = require('node:util').types;

const args = require('../input/index.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { kind } = require('../input/kind.js');

const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols } = Object;
const { getPrototypeOf, hasOwn } = Object;

const ENCODINGS = /** @type {const} */ (['base64', 'base64url', 'hex']);

/**
 * Returns the options of most calls, which are an object literal of a row: read without the slow checks.
 * Whatever else they are, `args.options` takes or refuses.
 *
 * @param {unknown} options
 * @returns {{ row?: unknown, encoding?: unknown } | undefined}
 */
function simple(options) {
  if (typeof options !== 'object' || options === null || isProxy(options)) return undefined;
  if (getPrototypeOf(options) !== Object.prototype) return undefined;
  // Names and symbols apart: `Reflect.ownKeys` takes longer than both.
  if (getOwnPropertyNames(options).length !== 1) return undefined;
  if (getOwnPropertySymbols(options).length !== 0) return undefined;
  const row = getOwnPropertyDescriptor(options, 'row');
  if (row === undefined || !row.enumerable || !hasOwn(row, 'value')) return undefined;
  return { row: row.value };
}

/**
 * Returns an encoding, checked; nothing for a Buffer.
 *
 * @param {unknown} encoding
 * @param {typeof ENCODINGS[number]} [byDefault]
 * @returns {typeof ENCODINGS[number] | undefined}
 */
function encodingOf(encoding, byDefault) {
  if (encoding === undefined) return byDefault;
  if (encoding === 'buffer') return undefined;
  const found = ENCODINGS.find((known) => known === encoding);
  if (found) return found;
  const names = ['buffer', ...ENCODINGS].map((known) => `"${known}"`);
  throw invalid(`encoding must be one of ${names.join(', ')}, not ${kind(encoding)}`);
}

/**
 * @param {unknown} value
 * @param {typeof ENCODINGS[number] | undefined} encoding
 */
function sealedBytes(value, encoding) {
  if (typeof value !== 'string') return args.bytes(value, 'the value');
  if (encoding === undefined) throw invalid('the value is a string; give the column its encoding');
  const sealed = Buffer.from(value, encoding);
  // What Node.js skips or adds silently would be another text for the same value.
  if (sealed.toString(encoding) === value) return sealed;
  throw new EnvelopeError('ERR_ENVELOPE_MALFORMED_MESSAGE', `the value is not ${encoding}`);
}

/**
 * Like `sealedBytes`, but returns an array of the caller's as it is, for the addon, which reads what the
 * engine holds, whatever the array's own properties say. It must be read before anything else runs.
 *
 * @param {unknown} value
 * @param {typeof ENCODINGS[number] | undefined} encoding
 */
function sealedArray(value, encoding) {
  return args.isOwnArray(value) ? value : sealedBytes(value, encoding);
}

module.exports = { encodingOf, sealedArray, sealedBytes, simple };
