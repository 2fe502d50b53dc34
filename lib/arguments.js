'use strict';

const { isArrayBuffer, isSharedArrayBuffer } = require('node:util').types;

const { invalid } = require('./errors.js');
const { shown } = require('./foreign_text.js');

/**
 * The bytes of an input, without a copy (but for strings, which are encoded as UTF-8).
 *
 * @param {unknown} data
 * @param {string} name how the argument is called, for the error
 * @returns {Uint8Array}
 */
function bytes(data, name) {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (isArrayBuffer(data)) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) {
    throw invalid(
      `${name} must be a Buffer, TypedArray, DataView, ArrayBuffer or string, not ${kind(data)}`,
    );
  }
  refuseShared(data, name);
  if (data instanceof Uint8Array) return data;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Fails if a buffer was detached or resized since it was seen with this length: what is missing of
 * it must not be left out in silence.
 *
 * @param {Uint8Array} data
 * @param {number} length
 */
function checkUnchanged(data, length) {
  if (data.length === length) return;
  throw invalid('a buffer was detached or resized while it was being used');
}

/**
 * The caller's own output buffer.
 *
 * @param {unknown} into
 * @param {number} length how many bytes it must hold
 * @param {Uint8Array} input what it must not overlap
 * @returns {Buffer}
 */
function outputBuffer(into, length, input) {
  if (!(into instanceof Uint8Array)) {
    throw invalid(`into must be a Buffer or Uint8Array, not ${kind(into)}`);
  }
  refuseShared(into, 'into');
  if (into.length < length) {
    throw invalid(`into has ${into.length} bytes; the output needs ${length}`);
  }
  const output = Buffer.from(into.buffer, into.byteOffset, length);
  if (overlap(output, input)) throw invalid('into overlaps the input; give another buffer');
  return output;
}

function overlap(/** @type {Uint8Array} */ a, /** @type {Uint8Array} */ b) {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.length &&
    b.byteOffset < a.byteOffset + a.length
  );
}

/** Another thread could change shared memory between the check of a tag and the use of its data. */
function refuseShared(/** @type {ArrayBufferView} */ view, /** @type {string} */ name) {
  if (isSharedArrayBuffer(view.buffer)) {
    throw invalid(`${name} must not be backed by a SharedArrayBuffer; copy it first`);
  }
}

/**
 * An encryption context as the addon takes it: keys and values in turn.
 *
 * @param {unknown} context
 * @returns {string[]}
 */
function contextPairs(context) {
  if (context === undefined) return [];
  // A Map or the like has no properties: its pairs would be left out in silence.
  if (Object.prototype.toString.call(context) !== '[object Object]') {
    throw invalid(`encryptionContext must be an object of strings, not ${kind(context)}`);
  }
  const given = /** @type {Record<string, unknown>} */ (context);
  const pairs = [];
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (typeof value !== 'string') {
      throw invalid(`encryptionContext.${shown(key)} must be a string, not ${kind(value)}`);
    }
    // UTF-8 has no lone surrogates: two different strings would become the same bytes.
    if (!key.isWellFormed() || !value.isWellFormed()) {
      throw invalid('encryptionContext holds a string that is not well-formed Unicode');
    }
    pairs.push(key, value);
  }
  return pairs;
}

/**
 * The options of a call: an object, or nothing; a name that is not known is a mistake.
 *
 * @template {string} K
 * @param {unknown} value
 * @param {readonly K[]} known
 * @returns {{ [name in K]?: unknown }}
 */
function options(value, known) {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalid(`the options must be an object, not ${kind(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!(/** @type {readonly string[]} */ (known).includes(name))) {
      throw invalid(`there is no option "${shown(name)}", only: ${known.join(', ')}`);
    }
  }
  return /** @type {{ [name in K]?: unknown }} */ (value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function string(value, name) {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${name} must be a string that is not empty, not ${kind(value)}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string | undefined}
 */
function optionalString(value, name) {
  return value === undefined ? undefined : string(value, name);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string[] | undefined}
 */
function optionalStrings(value, name) {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalid(`${name} must be an array of strings`);
  return Array.from(value, (item, i) => string(item, `${name}[${i}]`));
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean | undefined}
 */
function optionalBoolean(value, name) {
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${name} must be true or false, not ${kind(value)}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @returns {number}
 */
function integer(value, name, min, max) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw invalid(`${name} must be a whole number from ${min} to ${max}, not ${kind(value)}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @returns {number | undefined}
 */
function optionalInteger(value, name, min, max) {
  return value === undefined ? undefined : integer(value, name, min, max);
}

/**
 * @param {unknown} value
 * @returns {AbortSignal | undefined}
 */
function abortSignal(value) {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw invalid(`signal must be an AbortSignal, not ${kind(value)}`);
}

/** What a value is, for an error: never what it holds, which may be secret. */
function kind(/** @type {unknown} */ value) {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object') return value === '' ? 'an empty string' : `a ${typeof value}`;
  return `an instance of ${shown(String(value.constructor?.name ?? 'Object'))}`;
}

module.exports = {
  abortSignal,
  bytes,
  checkUnchanged,
  contextPairs,
  integer,
  optionalBoolean,
  optionalInteger,
  optionalString,
  optionalStrings,
  options,
  outputBuffer,
  string,
};
