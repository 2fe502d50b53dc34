'use strict';

const { AsyncResource } = require('node:async_hooks');

const args = require('../input/index.js');
const { throwIfAborted } = require('../calls/abort.js');
const { EnvelopeError, native } = require('../errors.js');
const { Output } = require('./output.js');
const { nextTurn } = require('../calls/timers.js');

/** @typedef {import('../../binding').HeaderReader} HeaderReader */

/**
 * What a codec turns input into output with.
 *
 * @typedef {Pick<import('../../binding').Transform,
 *   'updateLength' | 'update' | 'finishLength' | 'finish' | 'release'>} Transform
 */

/**
 * Asks the keyring for what reads the message with the header that was read.
 *
 * @typedef {(reader: HeaderReader, output: InstanceType<typeof Output>, signal: AbortSignal) =>
 *   Promise<Transform>} StartDecryption
 */

/** What one call of the addon is given at most; then the event loop turns. */
const SLICE = 1024 * 1024;

/** The length of what does not arrive all at once; the half of a codec that knows lengths. */
class ExpectedLength {
  #expected;
  #seen = 0;

  /** @param {number | undefined} expected */
  constructor(expected) {
    this.#expected = expected;
  }

  /** @param {number} length */
  add(length) {
    this.#seen += length;
    if (this.#expected !== undefined && this.#seen > this.#expected) this.#fail('more');
  }

  end() {
    if (this.#expected !== undefined && this.#seen < this.#expected) this.#fail('less');
  }

  /** @param {string} how */
  #fail(how) {
    const message = `the plaintext has ${how} than the ${this.#expected} bytes of plaintextLength`;
    throw new EnvelopeError('ERR_ENVELOPE_LENGTH_MISMATCH', message);
  }
}

/** Turns a plaintext into a message. */
class EncryptCodec {
  #start;
  #length;
  /** @type {Transform | undefined} */
  #transform;
  #output;
  #ended = new AbortController();

  /**
   * @param {(signal: AbortSignal) => Promise<import('../../binding').Transform>} start asks the
   *   keyring
   * @param {number | undefined} plaintextLength
   * @param {(piece: Buffer) => void} push
   */
  constructor(start, plaintextLength, push) {
    // Runs in the asynchronous context of whoever made the stream, not of whoever writes to it.
    this.#start = AsyncResource.bind(start);
    this.#length = new ExpectedLength(plaintextLength);
    this.#output = new Output(push);
  }

  /**
   * @param {Uint8Array} chunk
   * @returns {Promise<void> | undefined} nothing to wait for, if it is done
   */
  write(chunk) {
    this.#length.add(chunk.length);
    if (this.#transform) return feed(this.#transform, chunk, this.#output);
    const { length } = chunk;
    return this.#begin().then((transform) => {
      args.checkUnchanged(chunk, length);
      return feed(transform, chunk, this.#output);
    });
  }

  async end() {
    this.#length.end();
    finish(this.#transform ?? (await this.#begin()), this.#output);
  }

  destroy() {
    this.#ended.abort();
    this.#transform?.release();
    this.#output.wipe();
  }

  async #begin() {
    const { signal } = this.#ended;
    const transform = unlessEnded(await this.#start(signal), signal);
    this.#transform = transform;
    writeHead(transform, this.#output);
    return transform;
  }
}

/** Message to plaintext, or to another message. */
class DecryptCodec {
  #reader;
  #start;
  /** @type {Transform | undefined} */
  #transform;
  #output;
  #ended = new AbortController();

  /**
   * @param {HeaderReader} reader
   * @param {StartDecryption} start
   * @param {(piece: Buffer) => void} push
   */
  constructor(reader, start, push) {
    this.#reader = reader;
    // Runs in the asynchronous context of whoever made the stream, not of whoever writes to it.
    this.#start = AsyncResource.bind(start);
    this.#output = new Output(push);
  }

  /**
   * @param {Uint8Array} chunk
   * @returns {Promise<void> | undefined} nothing to wait for, if it is done
   */
  write(chunk) {
    if (this.#transform) return feed(this.#transform, chunk, this.#output);
    return native(() => this.#reader.push(chunk)) ? this.#begin() : undefined;
  }

  async end() {
    if (!this.#transform) return native(() => this.#reader.expectWhole());
    finish(this.#transform, this.#output);
  }

  destroy() {
    this.#ended.abort();
    this.#transform?.release();
    this.#output.wipe();
  }

  async #begin() {
    const { signal } = this.#ended;
    try {
      const transform = await this.#start(this.#reader, this.#output, signal);
      this.#transform = unlessEnded(transform, signal);
      await feed(this.#transform, this.#reader.takeRest(), this.#output);
    } finally {
      this.#reader.release();
    }
  }
}

/**
 * Returns what the keyring gave, unless nobody waits for it any more: then its keys are wiped.
 *
 * @template {{ release(): void }} T
 * @param {T} transform
 * @param {AbortSignal} signal
 */
function unlessEnded(transform, signal) {
  if (signal.aborted) transform.release();
  throwIfAborted(signal);
  return transform;
}

/**
 * Returns a transform that fails unless it writes as much as is expected.
 *
 * @param {Transform} transform
 * @param {number | undefined} expected in bytes
 * @returns {Transform}
 */
function withExpectedLength(transform, expected) {
  const length = new ExpectedLength(expected);
  return {
    updateLength: (inputLength) => transform.updateLength(inputLength),
    update(input, from, to, output, at) {
      const written = transform.update(input, from, to, output, at);
      length.add(written);
      return written;
    },
    finishLength: (inputLength) => transform.finishLength(inputLength),
    finish(input, from, to, output, at) {
      const written = transform.finish(input, from, to, output, at);
      length.add(written);
      length.end();
      return written;
    },
    release: () => transform.release(),
  };
}

/**
 * Writes the header of a new message.
 *
 * @param {import('../../binding').Transform} transform
 * @param {InstanceType<typeof Output>} output
 */
function writeHead(transform, output) {
  output.write(transform.headLength, (buffer, at) =>
    native(() => transform.head(buffer.subarray(at))),
  );
}

/**
 * Ends a message, and pushes the last of the output.
 *
 * @param {Transform} transform
 * @param {InstanceType<typeof Output>} output
 */
function finish(transform, output) {
  const nothing = new Uint8Array(0);
  output.write(
    native(() => transform.finishLength(0)),
    (buffer, at) => native(() => transform.finish(nothing, 0, 0, buffer, at)),
  );
  output.flush();
}

/**
 * At once, where that takes no long time; a promise would cost each chunk a microsecond or two.
 *
 * @param {Pick<Transform, 'update' | 'updateLength'>} transform
 * @param {Uint8Array} chunk
 * @param {InstanceType<typeof Output>} output
 */
function feed(transform, chunk, output) {
  if (chunk.length > SLICE) return feedSlowly(transform, chunk, output);
  feedSlice(transform, chunk, 0, chunk.length, output);
}

/**
 * @param {Pick<Transform, 'update' | 'updateLength'>} transform
 * @param {Uint8Array} chunk
 * @param {InstanceType<typeof Output>} output
 */
async function feedSlowly(transform, chunk, output) {
  const { length } = chunk;
  for (let from = 0; from < length; from += SLICE) {
    if (from > 0) await nextTurn();
    feedSlice(transform, chunk, from, Math.min(from + SLICE, length), output);
  }
}

/**
 * @param {Pick<Transform, 'update' | 'updateLength'>} transform
 * @param {Uint8Array} chunk
 * @param {number} from
 * @param {number} to
 * @param {InstanceType<typeof Output>} output
 */
function feedSlice(transform, chunk, from, to, output) {
  output.write(
    native(() => transform.updateLength(to - from)),
    (buffer, at) => native(() => transform.update(chunk, from, to, buffer, at)),
  );
}

module.exports = { DecryptCodec, EncryptCodec, unlessEnded, withExpectedLength, writeHead };
