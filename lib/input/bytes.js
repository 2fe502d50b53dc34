'use strict';

const { isArrayBuffer, isDataView, isSharedArrayBuffer, isTypedArray, isUint8Array } =
  require('node:util').types;

const { invalid } = require('../errors.js');
const { kind } = require('./kind.js');

// The getters as Node.js has them. An object's own properties, or those of a subclass, may say
// something else than what the addon sees.
const TypedArray = Object.getPrototypeOf(Uint8Array);
const typedArray = {
  buffer: getter(TypedArray.prototype, 'buffer'),
  byteLength: getter(TypedArray.prototype, 'byteLength'),
  byteOffset: getter(TypedArray.prototype, 'byteOffset'),
  /** Throws if the array is detached, or lies outside of its buffer: Node.js 20 tells in no other way. */
  validate: callable(TypedArray.prototype.values),
};
const dataView = {
  buffer: getter(DataView.prototype, 'buffer'),
  byteLength: getter(DataView.prototype, 'byteLength'),
  byteOffset: getter(DataView.prototype, 'byteOffset'),
  /** The getters throw themselves. */
  validate: () => undefined,
};
const arrayBufferLength = getter(ArrayBuffer.prototype, 'byteLength');
const fill = callable(TypedArray.prototype.fill);

/**
 * The bytes of an input, without a copy (but for strings, which are encoded as UTF-8): a view whose
 * length stays as it is now, unless the bytes are taken away.
 *
 * @param {unknown} data
 * @param {string} name how the argument is called, for the error
 * @returns {Uint8Array}
 */
function bytes(data, name) {
  if (typeof data === 'string') return utf8(data, name);
  if (isTypedArray(data)) return viewOf(data, typedArray, name);
  if (isArrayBuffer(data)) return wholeOf(data, name);
  if (isDataView(data)) return viewOf(data, dataView, name);
  if (isSharedArrayBuffer(data)) throw shared(name);
  throw invalid(
    `${name} must be a Buffer, TypedArray, DataView, ArrayBuffer or string, not ${kind(data)}`,
  );
}

/**
 * Bytes that are a `Uint8Array` and nothing else.
 *
 * @param {unknown} data
 * @param {string} name how the argument is called, for the error
 * @returns {Uint8Array}
 */
function byteArray(data, name) {
  if (isUint8Array(data)) return viewOf(data, typedArray, name);
  throw invalid(`${name} must be a Buffer or Uint8Array, not ${kind(data)}`);
}

/**
 * Fails if a buffer was detached or resized since it was seen with this length: what is missing of
 * it must not be left out in silence.
 *
 * @param {Uint8Array} data
 * @param {number} length
 */
function checkUnchanged(data, length) {
  if (data.length !== length) throw gone('a buffer');
}

/**
 * The caller's own output buffer.
 *
 * @param {unknown} into
 * @param {number} length how many bytes it must hold
 * @param {Uint8Array} input what it must not overlap
 * @returns {Buffer<ArrayBuffer>}
 */
function outputBuffer(into, length, input) {
  const room = byteArray(into, 'into');
  if (room.length < length) {
    throw invalid(`into has ${room.length} bytes; the output needs ${length}`);
  }
  // Shared memory was refused.
  const memory = /** @type {ArrayBuffer} */ (room.buffer);
  const output = Buffer.from(memory, room.byteOffset, length);
  if (overlap(output, input)) throw invalid('into overlaps the input; give another buffer');
  return output;
}

/**
 * Overwrites bytes with zeros, whatever their own `fill` does; memory that is gone has none.
 *
 * @param {Uint8Array} data
 */
function wipe(data) {
  if (typedArray.byteLength(data) > 0) fill(data, 0);
}

function overlap(/** @type {Uint8Array} */ a, /** @type {Uint8Array} */ b) {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.length &&
    b.byteOffset < a.byteOffset + a.length
  );
}

/**
 * @param {string} text
 * @param {string} name
 */
function utf8(text, name) {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  throw invalid(`${name} is a string that is not well-formed Unicode; give its bytes`);
}

/**
 * @param {ArrayBufferView} view
 * @param {typeof typedArray} get
 * @param {string} name
 */
function viewOf(view, get, name) {
  const buffer = get.buffer(view);
  if (isSharedArrayBuffer(buffer)) throw shared(name);
  try {
    const length = get.byteLength(view);
    if (length === 0) get.validate(view);
    return new Uint8Array(buffer, get.byteOffset(view), length);
  } catch {
    throw gone(name);
  }
}

/**
 * @param {ArrayBuffer} buffer
 * @param {string} name
 */
function wholeOf(buffer, name) {
  try {
    return new Uint8Array(buffer, 0, arrayBufferLength(buffer));
  } catch {
    throw gone(name);
  }
}

/** Another thread could change shared memory between the check of a tag and the use of its data. */
function shared(/** @type {string} */ name) {
  return invalid(`${name} must not be backed by a SharedArrayBuffer; copy it first`);
}

function gone(/** @type {string} */ name) {
  return invalid(
    `${name} was detached or resized; do not transfer or resize a buffer while it is being used`,
  );
}

/**
 * @param {object} prototype
 * @param {string} name
 * @returns {(target: any) => any}
 */
function getter(prototype, name) {
  return callable(/** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, name)).get);
}

/**
 * A method as a function of its target.
 *
 * @param {Function} method
 * @returns {(target: any, ...rest: any[]) => any}
 */
function callable(method) {
  return Function.prototype.call.bind(method);
}

module.exports = { byteArray, bytes, checkUnchanged, outputBuffer, wipe };
