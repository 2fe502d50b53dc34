'use strict';

/** What is longer gets a buffer of its own, in bytes. */
const SIZE = 16 * 1024;
/** A text of at most so many characters is written sooner here than by Node.js, if it is ASCII. */
const SHORT = 24;
const LAST_ASCII = 127;
/** What a length takes, in bytes: little-endian. */
const LENGTH = 4;
/** The most bytes of UTF-8 for a unit of UTF-16. */
const MOST_UTF8 = 3;

/**
 * Where short texts and bytes lie while the addon reads them. Of plaintexts none is left after that.
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

/**
 * Returns whether texts and their lengths have room in a buffer that is used again.
 *
 * @param {string[]} texts
 */
function areShort(texts) {
  let length = 0;
  for (const text of texts) length += LENGTH + most(text);
  return length <= SIZE;
}

/**
 * Writes short texts, each after its length; returns where the last one ends.
 *
 * @param {Buffer} buffer
 * @param {string[]} texts
 */
function putTexts(buffer, texts) {
  let at = 0;
  for (const text of texts) at = putWithLength(buffer, text, at);
  return at;
}

/**
 * Writes a text or bytes after their length; returns where they end.
 *
 * @param {Buffer} buffer
 * @param {string | Uint8Array} value
 * @param {number} at
 */
function putWithLength(buffer, value, at) {
  const end = put(buffer, value, at + LENGTH);
  buffer.writeUInt32LE(end - at - LENGTH, at);
  return end;
}

module.exports = { LENGTH, SIZE, areShort, most, put, putTexts, putWithLength, room };
