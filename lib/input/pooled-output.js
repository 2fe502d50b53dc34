'use strict';

const binding = require('../native/load.js');
const { invalid } = require('../errors.js');
const { brand, unknownObject } = require('./copies.js');

/**
 * @typedef {{
 *   take(length: number): ArrayBuffer, giveBack(memory: ArrayBuffer): void, wipesPlaintext: boolean,
 * }} Source where the memory comes from
 */

/** Shown by `newOutput` alone: only a pool makes outputs. */
const BY_A_POOL = Symbol('by a pool');

/** @type {(value: unknown) => value is PooledOutput} */
let isPooledOutput;
/** @type {(output: PooledOutput) => void} */
let checkEmpty;
/** @type {(output: PooledOutput) => void} */
let checkHeld;
/** @type {(output: PooledOutput, length: number, isPlaintext: boolean) => Buffer<ArrayBuffer>} */
let takeOutput;

/**
 * Memory of a pool for the output of one call: what `into` can be in place of a buffer.
 *
 * It has memory from the time that its call knows the length until it is released. As the pool moves what it gets
 * back, a call that is still running then finds its output detached, and cannot write to it any more.
 */
class PooledOutput {
  #source;
  /** @type {'empty' | 'filled' | 'released'} */
  #state = 'empty';
  /** What the call was given to write to. @type {Uint8Array<ArrayBuffer> | undefined} */
  #bytes;
  #isWiped = false;

  /**
   * @param {symbol} by
   * @param {Source} source
   */
  constructor(by, source) {
    if (by !== BY_A_POOL) throw invalid('call acquire() of an OutputPool to get an output');
    this.#source = source;
  }

  /** Gives the memory back, which every view of it loses. */
  release() {
    const bytes = this.#bytes;
    this.#state = 'released';
    this.#bytes = undefined;
    if (bytes === undefined) return;
    if (this.#isWiped) binding.wipe(bytes);
    this.#source.giveBack(bytes.buffer);
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.release();
  }

  #checkHeld() {
    if (this.#state !== 'released') return;
    throw invalid(
      'the output in `into` was released; acquire one for each call, and release it after the call has ended',
    );
  }

  #checkEmpty() {
    this.#checkHeld();
    if (this.#state === 'empty') return;
    throw invalid('the output in `into` was used by another call; acquire one for each call');
  }

  /**
   * @param {number} length
   * @param {boolean} isPlaintext
   */
  #take(length, isPlaintext) {
    this.#checkEmpty();
    const memory = this.#source.take(length);
    this.#bytes = new Uint8Array(memory, 0, length);
    this.#isWiped = isPlaintext && this.#source.wipesPlaintext;
    this.#state = 'filled';
    return Buffer.from(memory, 0, length);
  }

  static {
    isPooledOutput = /** @type {typeof isPooledOutput} */ (
      (value) => Object(value) === value && #state in /** @type {PooledOutput} */ (value)
    );
    checkEmpty = (output) => output.#checkEmpty();
    checkHeld = (output) => output.#checkHeld();
    takeOutput = (output, length, isPlaintext) => output.#take(length, isPlaintext);
  }
}

brand(PooledOutput);

/**
 * Returns an output of a pool.
 *
 * @param {Source} source
 */
function newOutput(source) {
  return new PooledOutput(BY_A_POOL, source);
}

/**
 * Returns an `into` that is no buffer: an output of a pool that no call has used.
 *
 * @param {unknown} into
 */
function pooledOutput(into) {
  if (!isPooledOutput(into)) {
    throw unknownObject(
      into,
      'PooledOutput',
      'into',
      'must be a Buffer, Uint8Array or PooledOutput',
    );
  }
  checkEmpty(into);
  return into;
}

module.exports = { PooledOutput, checkHeld, newOutput, pooledOutput, takeOutput };
