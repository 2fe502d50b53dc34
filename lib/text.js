'use strict';

const args = require('./input/index.js');
const { invalid } = require('./errors.js');
const { kind } = require('./input/kind.js');

/** Both alphabets of base64, with padding or without. */
const BASE64 = /^[\w+/-]*={0,2}$/;

/**
 * Returns the bytes of a text that is to be encrypted.
 *
 * @param {unknown} text
 */
function textBytes(text) {
  if (typeof text === 'string') return args.bytes(text, 'text');
  throw invalid(`text must be a string, not ${kind(text)}; encryptJson takes other values`);
}

/**
 * Returns the bytes of a value as JSON. What JSON says of the value may hold a part of it: no error does.
 *
 * @param {unknown} value
 */
function jsonBytes(value) {
  let json;
  try {
    json = JSON.stringify(value);
  } catch {
    // A BigInt, a circle, or a toJSON that throws.
  }
  if (typeof json === 'string') return Buffer.from(json);
  throw invalid(
    `the value, ${kind(value)}, cannot be written as JSON: undefined, functions, BigInts and circles cannot`,
  );
}

/**
 * Returns the bytes of a message: those of a text are base64url, or base64.
 *
 * @param {unknown} message
 */
function messageBytes(message) {
  if (typeof message !== 'string') return args.bytes(message, 'message');
  if (!BASE64.test(message)) throw invalid('the message is no base64url and no base64');
  return Buffer.from(message, 'base64');
}

/**
 * Returns a plaintext as text, and wipes it.
 *
 * @param {Buffer} plaintext
 */
function textOf(plaintext) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    throw invalid('the message holds no text in UTF-8; decrypt returns its bytes');
  } finally {
    plaintext.fill(0);
  }
}

/**
 * Returns the value that a plaintext is the JSON of, and wipes the plaintext.
 *
 * @param {Buffer} plaintext
 * @returns {any}
 */
function jsonOf(plaintext) {
  const text = textOf(plaintext);
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('the message holds no JSON; decryptText returns its text');
  }
}

module.exports = { jsonBytes, jsonOf, messageBytes, textBytes, textOf };
