'use strict';

const { AsyncResource } = require('node:async_hooks');

const args = require('../input/index.js');
const { throwIfAborted } = require('../calls/abort.js');
const { EnvelopeError, native } = require('../errors.js');
const { Output } = require('./output.js');
const { nextTurn } = require('../calls/timers.js');

/** @typedef {import('../../binding').Header} Header */

/**
 * What a codec turns input into output with.
 *
 * @typedef {{
 *   updateLength(inputLength: number): number,
 *   update(input: Uint8Array, from: number, to: number, output: Uint8Array, at: number): number,
 *   finishLength(): number,
 *   finish(output: Uint8Array, at: number): number,
 *   release(): void,
 * }} Transform
 */

/**
 * Asks the keyring for what reads the message with this header.
 *
 * @typedef {(header: Header, output: InstanceType<typeof Output>, signal: AbortSignal) =>
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

/** Plaintext to message. */
class EncryptCodec {
  #start;
  #length;
  /** @type {import('../../binding').Encryptor | undefined} */
  #encryptor;
  #output;
  #ended = new AbortController();

  /**
   * @param {(signal: AbortSignal) => Promise<import('../../binding').Encryptor>} start asks the
   *   keyring
   * @param {number | undefined} plaintextLength
   * @param {(piece: Buffer) => void} push
   */
  constructor(start, plaintextLength, push) {
    // Whoever writes: it is for the one who made the stream.
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
    if (this.#encryptor) return feed(this.#encryptor, chunk, this.#output);
    const { length } = chunk;
    return this.#begin().then((encryptor) => {
      args.checkUnchanged(chunk, length);
      return feed(encryptor, chunk, this.#output);
    });
  }

  async end() {
    this.#length.end();
    const encryptor = this.#encryptor ?? (await this.#begin());
    const nothing = new Uint8Array(0);
    this.#output.write(
      native(() => encryptor.finishLength(0)),
      (output, at) => native(() => encryptor.finish(nothing, 0, 0, output, at)),
    );
    this.#output.flush();
  }

  destroy() {
    this.#ended.abort();
    this.#encryptor?.release();
    this.#output.wipe();
  }

  async #begin() {
    const { signal } = this.#ended;
    this.#encryptor = unlessEnded(await this.#start(signal), signal);
    writeHeader(this.#encryptor, this.#output);
    return this.#encryptor;
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
   * @param {import('../../binding').HeaderReader} reader
   * @param {StartDecryption} start
   * @param {(piece: Buffer) => void} push
   */
  constructor(reader, start, push) {
    this.#reader = reader;
    // Whoever writes: it is for the one who made the stream.
    this.#start = AsyncResource.bind(start);
    this.#output = new Output(push);
  }

  /**
   * @param {Uint8Array} chunk
   * @returns {Promise<void> | undefined} nothing to wait for, if it is done
   */
  write(chunk) {
    if (this.#transform) return feed(this.#transform, chunk, this.#output);
    const header = native(() => this.#reader.push(chunk));
    return header ? this.#begin(header) : undefined;
  }

  async end() {
    const transform = this.#transform;
    if (!transform) return native(() => this.#reader.truncated());
    this.#output.write(
      native(() => transform.finishLength()),
      (output, at) => native(() => transform.finish(output, at)),
    );
    this.#output.flush();
  }

  destroy() {
    this.#ended.abort();
    this.#transform?.release();
    this.#output.wipe();
  }

  /** @param {Header} header */
  async #begin(header) {
    const { signal } = this.#ended;
    try {
      this.#transform = unlessEnded(await this.#start(header, this.#output, signal), signal);
    } finally {
      header.release();
    }
    await feed(this.#transform, this.#reader.rest(), this.#output);
  }
}

/**
 * What the keyring gave, unless nobody waits for it any more: then its keys are wiped.
 *
 * @template {{ release(): void }} T
 * @param {T} given
 * @param {AbortSignal} signal
 */
function unlessEnded(given, signal) {
  if (signal.aborted) given.release();
  throwIfAborted(signal);
  return given;
}

/**
 * A decryptor as a transform: it writes nothing at its end, but must confirm it.
 *
 * @param {import('../../binding').Decryptor} decryptor
 * @param {number | undefined} plaintextLength
 * @returns {Transform}
 */
function decryption(decryptor, plaintextLength) {
  const length = new ExpectedLength(plaintextLength);
  return {
    updateLength: (inputLength) => decryptor.updateLength(inputLength),
    update(input, from, to, output, at) {
      const written = decryptor.update(input, from, to, output, at);
      length.add(written);
      return written;
    },
    finishLength: () => 0,
    finish() {
      decryptor.finish();
      length.end();
      return 0;
    },
    release: () => decryptor.release(),
  };
}

/**
 * A header at the start of the output.
 *
 * @param {{ readonly headerLength: number, header(output: Uint8Array): number }} writer
 * @param {InstanceType<typeof Output>} output
 */
function writeHeader(writer, output) {
  output.write(writer.headerLength, (buffer, at) =>
    native(() => writer.header(buffer.subarray(at))),
  );
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

module.exports = { DecryptCodec, EncryptCodec, decryption, unlessEnded, writeHeader };
