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
 * Returns the bytes of an input without a copy (strings are encoded as UTF-8): a view that keeps its
 * present length, unless its buffer is detached or shrunk.
 *
 * @param {unknown} data
 * @param {string} name how the argument is called, for the error
 * @returns {Uint8Array}
 */
function bytes(data, name) {
  if (typeof data === 'string') return utf8(data, name);
  if (isTypedArray(data)) return toView(data, typedArray, name);
  if (isArrayBuffer(data)) return toWholeView(data, name);
  if (isDataView(data)) return toView(data, dataView, name);
  if (isSharedArrayBuffer(data)) throw sharedError(name);
  throw invalid(
    `${name} must be a Buffer, TypedArray, DataView, ArrayBuffer or string, not ${kind(data)}`,
  );
}

/**
 * Returns the bytes of a `Uint8Array`, and refuses all else.
 *
 * @param {unknown} data
 * @param {string} name how the argument is called, for the error
 * @returns {Uint8Array}
 */
function byteArray(data, name) {
  if (isUint8Array(data)) return toView(data, typedArray, name);
  throw invalid(`${name} must be a Buffer or Uint8Array, not ${kind(data)}`);
}

/**
 * Returns whether this is a `Uint8Array` with bytes that this thread alone can reach: one that `bytes`
 * makes a view of, and no error.
 *
 * @param {unknown} data
 * @returns {data is Uint8Array}
 */
function isOwnArray(data) {
  if (!isUint8Array(data) || typedArray.byteLength(data) === 0) return false;
  return !isSharedArrayBuffer(typedArray.buffer(data));
}

/**
 * Returns the length of an array in bytes, whatever its own properties say.
 *
 * @param {Uint8Array} data
 * @returns {number}
 */
function byteLength(data) {
  return typedArray.byteLength(data);
}

/**
 * Throws if a buffer was detached or resized since it had this length: else the missing bytes would be
 * left out in silence.
 *
 * @param {Uint8Array} data
 * @param {number} length
 */
function checkUnchanged(data, length) {
  if (data.length !== length) throw goneError('a buffer');
}

/**
 * Returns the part of the caller's own output buffer that is to be filled.
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
  const output = startOf(room, length);
  if (overlaps(output, input)) throw invalid('into overlaps the input; give another buffer');
  return output;
}

/**
 * Returns the first bytes of a view that `byteArray` or this package made, without a copy.
 *
 * @param {Uint8Array} view
 * @param {number} length
 * @returns {Buffer<ArrayBuffer>}
 */
function startOf(view, length) {
  // Shared memory was refused.
  const memory = /** @type {ArrayBuffer} */ (view.buffer);
  return Buffer.from(memory, view.byteOffset, length);
}

/**
 * Overwrites bytes with zeros, whatever their own `fill` does; that of a Buffer takes three times as long.
 * Detached memory has no bytes.
 *
 * @param {Uint8Array} data
 * @param {number} [end] where to stop, in bytes
 */
function wipe(data, end) {
  if (typedArray.byteLength(data) > 0) fill(data, 0, 0, end);
}

/**
 * Returns whether two views share a byte.
 *
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function overlaps(a, b) {
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
function toView(view, get, name) {
  const buffer = get.buffer(view);
  if (isSharedArrayBuffer(buffer)) throw sharedError(name);
  try {
    const length = get.byteLength(view);
    if (length === 0) get.validate(view);
    return new Uint8Array(buffer, get.byteOffset(view), length);
  } catch {
    throw goneError(name);
  }
}

/**
 * @param {ArrayBuffer} buffer
 * @param {string} name
 */
function toWholeView(buffer, name) {
  try {
    return new Uint8Array(buffer, 0, arrayBufferLength(buffer));
  } catch {
    throw goneError(name);
  }
}

/** Another thread could change shared memory between the check of a tag and the use of its data. */
function sharedError(/** @type {string} */ name) {
  return invalid(`${name} must not be backed by a SharedArrayBuffer; copy it first`);
}

function goneError(/** @type {string} */ name) {
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
 * Returns a method as a function of its target.
 *
 * @param {Function} method
 * @returns {(target: any, ...rest: any[]) => any}
 */
function callable(method) {
  return Function.prototype.call.bind(method);
}

module.exports = {
  byteArray,
  byteLength,
  bytes,
  checkUnchanged,
  isOwnArray,
  outputBuffer,
  overlaps,
  startOf,
  wipe,
};
