'use strict';

const { isUint8Array } = require('node:util').types;

const { invalid } = require('../errors.js');
const { byteArray } = require('../input/bytes.js');
const { kind } = require('../input/kind.js');

/** What is longer gets a buffer of its own, in bytes. */
const SIZE = 16 * 1024;
/** A text of at most so many characters is written sooner here than by Node.js, if it is ASCII. */
const SHORT = 24;
const LAST_ASCII = 127;
/** Room for the longest number of a row, in bytes. */
const MOST_UTF8 = 3;

/**
 * Where rows and plaintexts lie while the addon reads them; it wipes them after that.
 *
 * @type {Buffer}
 */
let shared;

/**
 * Returns a buffer of at least this many bytes, until the next call.
 *
 * @param {number} length
 */
function room(length) {
  if (length > SIZE) return Buffer.alloc(length);
  shared ??= Buffer.alloc(SIZE);
  return shared;
}

/**
 * Returns a row as text or bytes: a number and its decimal text are the same row.
 *
 * @param {unknown} row
 * @returns {string | Uint8Array | undefined}
 */
function rowOf(row) {
  if (typeof row === 'string') {
    if (row.isWellFormed()) return row;
    throw invalid('row is a string that is not well-formed Unicode');
  }
  if (row === undefined) return undefined;
  if (typeof row === 'bigint' || Number.isSafeInteger(row)) return String(row);
  if (isUint8Array(row)) return byteArray(row, 'row');
  throw invalid(`row must be a string, a safe integer, a bigint or bytes, not ${kind(row)}`);
}

/**
 * Returns the most bytes that a text or bytes take.
 *
 * @param {string | Uint8Array | undefined} value
 */
function most(value) {
  if (value === undefined) return 0;
  return typeof value === 'string' ? value.length * MOST_UTF8 : value.length;
}

/**
 * Writes a text or bytes; returns where they end.
 *
 * @param {Buffer} buffer
 * @param {string | Uint8Array} value
 * @param {number} at
 */
function put(buffer, value, at) {
  if (typeof value === 'string') return putText(buffer, value, at);
  buffer.set(value, at);
  return at + value.length;
}

/**
 * @param {Buffer} buffer
 * @param {string} text
 * @param {number} at
 */
function putText(buffer, text, at) {
  if (text.length > SHORT) return at + buffer.write(text, at);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > LAST_ASCII) return at + buffer.write(text, at);
    buffer[at + i] = unit;
  }
  return at + text.length;
}

module.exports = { most, put, room, rowOf };
