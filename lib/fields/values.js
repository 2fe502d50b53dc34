'use strict';

const { types } = require('node:util');

const { EnvelopeError, invalid } = require('../errors.js');
const { bytes: bytesOf } = require('../input/bytes.js');
const { kind } = require('../input/kind.js');

/**
 * How the values of a column are written: all but bytes as text in UTF-8, as other languages write
 * them.
 *
 * @typedef {{
 *   toText?: (value: any) => string,
 *   fromText?: (text: string) => unknown,
 * }} Type `bytes` has neither
 */

/** @type {Record<string, Type>} */
const TYPES = {
  text: { toText: textOf, fromText: (text) => text },
  bytes: {},
  // Of one length, which would tell the value otherwise.
  boolean: { toText: booleanText, fromText: (text) => one(text, { 1: true, 0: false }) },
  integer: { toText: integerText, fromText: readInteger },
  bigint: { toText: bigintText, fromText: readBigint },
  number: { toText: numberText, fromText: readNumber },
  json: { toText: jsonText, fromText: readJson },
  date: { toText: dateText, fromText: readDate },
};

/**
 * @param {unknown} name
 * @returns {Type}
 */
function typeOf(name) {
  if (typeof name === 'string' && Object.hasOwn(TYPES, name)) {
    return /** @type {Type} */ (TYPES[name]);
  }
  const names = Object.keys(TYPES).map((known) => `"${known}"`);
  throw invalid(`type must be one of ${names.join(', ')}, not ${kind(name)}`);
}

/** @param {unknown} value */
function textOf(value) {
  if (typeof value !== 'string') throw wrong('a string', value);
  if (value.isWellFormed()) return value;
  throw invalid('the value is a string that is not well-formed Unicode');
}

/** @param {unknown} value */
function booleanText(value) {
  if (typeof value !== 'boolean') throw wrong('true or false', value);
  return value ? '1' : '0';
}

/** @param {unknown} value */
function integerText(value) {
  if (!Number.isSafeInteger(value)) throw wrong('a safe integer', value);
  return String(value);
}

/** @param {unknown} value */
function bigintText(value) {
  if (typeof value !== 'bigint') throw wrong('a bigint', value);
  return String(value);
}

/** @param {unknown} value */
function numberText(value) {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong('a finite number', value);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** @param {unknown} value */
function jsonText(value) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new EnvelopeError('ERR_ENVELOPE_INVALID_ARGUMENT', 'the value cannot be JSON', { cause });
  }
  if (typeof text !== 'string') throw wrong('a value of JSON', value);
  return text;
}

/** @param {unknown} value */
function dateText(value) {
  if (!types.isDate(value) || Number.isNaN(Date.prototype.getTime.call(value))) {
    throw wrong('a valid Date', value);
  }
  return Date.prototype.toISOString.call(value);
}

/** @param {string} text */
function readInteger(text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && String(value) === text) return value;
  throw unreadable('an integer');
}

/** @param {string} text */
function readBigint(text) {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  throw unreadable('a bigint');
}

/** @param {string} text */
function readNumber(text) {
  const value = Number(text);
  if (text !== '' && Number.isFinite(value)) return value;
  throw unreadable('a number');
}

/** @param {string} text */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('JSON');
  }
}

/** @param {string} text */
function readDate(text) {
  const value = new Date(text);
  if (!Number.isNaN(value.getTime())) return value;
  throw unreadable('a date');
}

/**
 * @param {string} text
 * @param {Record<string, unknown>} values
 */
function one(text, values) {
  if (Object.hasOwn(values, text)) return values[text];
  throw unreadable('a boolean');
}

/**
 * @param {string} expected
 * @param {unknown} value
 */
function wrong(expected, value) {
  return invalid(`the value must be ${expected}, or null, not ${kind(value)}`);
}

/** @param {string} expected */
function unreadable(expected) {
  return new EnvelopeError(
    'ERR_ENVELOPE_MALFORMED_MESSAGE',
    `the value was decrypted, and is not ${expected}: give the column the type that it was written with`,
  );
}

/** @param {unknown} value */
function bytesValue(value) {
  if (typeof value === 'string') throw wrong('bytes', value);
  return bytesOf(value, 'the value');
}

module.exports = { bytesValue, typeOf };
