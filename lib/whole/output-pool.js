'use strict';

const { isArrayBuffer } = require('node:util').types;

const args = require('../input/index.js');
const { lazy } = require('../lazy.js');

const outputs = lazy(() => require('../input/pooled-output.js'));
const pieces = lazy(() => require('./pieces.js'));
const workerThreads = lazy(() => require('node:worker_threads'));

const OPTIONS = /** @type {const} */ (['maxBytes', 'wipe']);
const MIB = 1024 * 1024;
const DEFAULT_MAX_BYTES = 256 * MIB;
/** What is shorter gets memory of this length, in bytes. */
const SMALLEST = 64 * 1024;
/** Memory that is longer than so many times the output is left for a longer one. */
const MOST_TIMES_TOO_LONG = 2;

// As Node.js has them, whatever an ArrayBuffer's own properties say.
const byteLength = callable(
  Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get,
);
/** Node.js 20 has no such method. */
const transfer = callable(ArrayBuffer.prototype.transfer);

/** Memory that is used again for large outputs, once they have been given back. */
class OutputPool {
  /** @type {ArrayBuffer[]} from the one that was given back first to the last */
  #idle = [];
  #idleBytes = 0;
  #maxBytes;
  #source;

  /** @param {unknown} [options] */
  constructor(options) {
    const { maxBytes, wipe } = args.options(options, OPTIONS);
    const most = Number.MAX_SAFE_INTEGER;
    this.#maxBytes = args.optionalInteger(maxBytes, 'maxBytes', 0, most) ?? DEFAULT_MAX_BYTES;
    this.#source = {
      take: (/** @type {number} */ length) => this.#take(length),
      giveBack: (/** @type {ArrayBuffer} */ memory) => this.#giveBack(memory),
      wipesPlaintext: args.optionalBoolean(wipe, 'wipe') ?? true,
    };
  }

  acquire() {
    return outputs().newOutput(this.#source);
  }

  clear() {
    while (this.#idle.length > 0) free(this.#remove(0));
  }

  get idleBytes() {
    return this.#idleBytes;
  }

  /**
   * Returns memory of at least this length that nothing refers to. It may hold what was there before.
   *
   * @param {number} length
   */
  #take(length) {
    const most = MOST_TIMES_TOO_LONG * Math.max(length, SMALLEST);
    const found = this.#idle.findLastIndex(
      ({ byteLength: size }) => size >= length && size <= most,
    );
    return found < 0 ? newMemory(length) : this.#remove(found);
  }

  /** @param {ArrayBuffer} memory */
  #giveBack(memory) {
    const moved = move(memory);
    if (moved === undefined) return;
    if (moved.byteLength > this.#maxBytes) return free(moved);
    this.#idle.push(moved);
    this.#idleBytes += moved.byteLength;
    while (this.#idleBytes > this.#maxBytes) free(this.#remove(0));
  }

  /** @param {number} index */
  #remove(index) {
    const [memory] = /** @type {[ArrayBuffer]} */ (this.#idle.splice(index, 1));
    this.#idleBytes -= memory.byteLength;
    return memory;
  }
}

/**
 * Returns memory for an output of this length, and of a sixteenth more at most: outputs that differ by little
 * can use the same.
 *
 * @param {number} length
 */
function newMemory(length) {
  const step = Math.max(SMALLEST, 2 ** (Math.floor(Math.log2(length)) - 4));
  const rounded = Math.ceil(Math.max(length, 1) / step) * step;
  return pieces().withHugePages(Buffer.allocUnsafeSlow(rounded)).buffer;
}

/**
 * Returns the same memory in another ArrayBuffer, without a copy: the old one, and every view of it, is detached.
 * Returns nothing if it was detached before, or if its owner forbade that.
 *
 * @param {ArrayBuffer} memory
 * @returns {ArrayBuffer | undefined}
 */
function move(memory) {
  if (byteLength(memory) === 0) return undefined;
  try {
    const moved = transfer ? transfer(memory) : moveByMessage(memory);
    return byteLength(memory) === 0 && isArrayBuffer(moved) ? moved : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Does what `structuredClone` does with what it transfers; in jsdom there is none.
 *
 * @param {ArrayBuffer} memory
 */
function moveByMessage(memory) {
  const { MessageChannel, receiveMessageOnPort } = workerThreads();
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(memory, [memory]);
  const moved = receiveMessageOnPort(port2)?.message;
  port1.close();
  return moved;
}

/**
 * Frees memory now; in Node.js 20 with the next garbage collection.
 *
 * @param {ArrayBuffer} memory
 */
function free(memory) {
  transfer?.(memory, 0);
}

/**
 * Returns a method as a function of its target.
 *
 * @param {Function | undefined} method
 * @returns {any}
 */
function callable(method) {
  return method && Function.prototype.call.bind(method);
}

module.exports = { OutputPool };
