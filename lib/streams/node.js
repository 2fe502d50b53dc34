'use strict';

const { Transform } = require('node:stream');

const args = require('../input/index.js');
const { aborted } = require('../errors.js');
const { onAbort } = require('../calls/signal.js');
const { setImmediate } = require('../calls/timers.js');
const { lazy } = require('../lazy.js');

const webStreams = lazy(() => require('node:stream/web'));

/**
 * What a stream does its work with.
 *
 * @typedef {{
 *   write(chunk: Uint8Array): Promise<unknown> | undefined, end(): Promise<unknown>, destroy(): void,
 * }} Codec
 */

/** What streams take in and hold ready: whole frames of the default length, and some of them. */
const HIGH_WATER_MARK = 256 * 1024;

/** @type {import('node:stream/web').QueuingStrategy<Uint8Array<ArrayBuffer>>} */
const BY_LENGTH = { highWaterMark: HIGH_WATER_MARK, size: (piece) => piece.length };

/**
 * Returns a Node.js stream around a codec.
 *
 * @param {(stream: CodecStream) => Codec} makeCodec
 * @param {AbortSignal | undefined} signal
 */
function nodeStream(makeCodec, signal) {
  return new CodecStream(makeCodec, signal);
}

/** The codec's work as a Transform: one write at a time, as slow as its reader. */
class CodecStream extends Transform {
  #codec;
  /** @type {(() => void) | undefined} */
  #ignoreSignal;

  /**
   * @param {(stream: CodecStream) => Codec} makeCodec
   * @param {AbortSignal | undefined} signal
   */
  constructor(makeCodec, signal) {
    super({ writableHighWaterMark: HIGH_WATER_MARK, readableHighWaterMark: HIGH_WATER_MARK });
    this.#codec = makeCodec(this);
    if (!signal) return;
    const end = () => this.destroy(aborted(signal));
    if (signal.aborted) end();
    else this.#ignoreSignal = onAbort(signal, end);
  }

  /**
   * As every stream's `write`; but a chunk that is no bytes, or whose bytes are gone, ends the stream
   * with an `EnvelopeError`, and one that is lost while it waits for its turn is noticed.
   *
   * @param {unknown} chunk
   * @param {any} [encoding]
   * @param {any} [callback]
   */
  write(chunk, encoding, callback) {
    const settled = typeof encoding === 'function' ? encoding : callback;
    const accepted = this.#accept(chunk, settled);
    if (accepted === undefined) return false;
    return typeof encoding === 'function'
      ? super.write(accepted, encoding)
      : super.write(accepted, encoding, callback);
  }

  /**
   * As every stream's `end`; the last chunk is checked as in `write`.
   *
   * @param {any} [chunk]
   * @param {any} [encoding]
   * @param {any} [callback]
   */
  end(chunk, encoding, callback) {
    if (chunk === undefined || chunk === null || typeof chunk === 'function') {
      return super.end(chunk, encoding, callback);
    }
    const settled = typeof encoding === 'function' ? encoding : callback;
    const accepted = this.#accept(chunk, settled);
    return accepted === undefined ? this : super.end(accepted, encoding, callback);
  }

  /**
   * @param {unknown} chunk
   * @param {unknown} callback of who wrote it
   * @returns {string | Uint8Array | undefined} what stands for the chunk, if it can be taken
   */
  #accept(chunk, callback) {
    try {
      const bytes = args.bytes(chunk, 'a chunk');
      // A string may have an encoding of its own.
      return typeof chunk === 'string' ? chunk : bytes;
    } catch (error) {
      if (typeof callback === 'function') process.nextTick(callback, error);
      this.destroy(/** @type {Error} */ (error));
      return undefined;
    }
  }

  /**
   * @param {unknown} chunk
   * @param {BufferEncoding} _encoding
   * @param {import('node:stream').TransformCallback} done
   */
  _transform(chunk, _encoding, done) {
    let bytes;
    try {
      bytes = args.bytes(chunk, 'a chunk');
    } catch (error) {
      return done(/** @type {Error} */ (error));
    }
    const { length } = bytes;
    // A turn later: the source's next read has begun then, and goes on meanwhile.
    setImmediate(() => this.#settle(() => this.#write(bytes, length), done));
  }

  /** @param {import('node:stream').TransformCallback} done */
  _flush(done) {
    this.#settle(() => this.#codec.end(), done);
  }

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} done
   */
  _destroy(error, done) {
    this.#ignoreSignal?.();
    this.#codec.destroy();
    done(error);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} length what it was when it was given
   */
  #write(bytes, length) {
    args.checkUnchanged(bytes, length);
    return this.#codec.write(bytes);
  }

  /**
   * @param {() => Promise<unknown> | undefined} work
   * @param {import('node:stream').TransformCallback} done
   */
  #settle(work, done) {
    if (this.destroyed) return;
    // What was destroyed meanwhile has no use for an answer.
    const settled = (/** @type {unknown} */ error) => {
      if (!this.destroyed) done(/** @type {Error | null} */ (error));
    };
    try {
      const pending = work();
      if (!pending) return done();
      pending.then(() => settled(null), settled);
    } catch (error) {
      settled(error);
    }
  }
}

/**
 * Returns a Web stream around a codec.
 *
 * @param {(push: (piece: Buffer) => void) => Codec} makeCodec
 * @param {AbortSignal | undefined} signal
 * @returns {import('node:stream/web').TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>}
 */
function webStream(makeCodec, signal) {
  /** @type {Codec} */
  let codec;
  /** @type {(() => void) | undefined} */
  let ignoreSignal;
  const end = () => {
    ignoreSignal?.();
    codec.destroy();
  };
  const guarded = async (/** @type {() => Promise<unknown> | undefined} */ work) => {
    try {
      await work();
    } catch (error) {
      end();
      throw error;
    }
  };
  const inbox = new Inbox();
  // Node's own: jsdom lacks it.
  return new (webStreams().TransformStream)(
    {
      start(controller) {
        codec = makeCodec((piece) => {
          // The addon's memory is never shared.
          controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (piece));
        });
        if (!signal) return;
        const fired = () => {
          end();
          controller.error(aborted(signal));
        };
        if (signal.aborted) fired();
        else ignoreSignal = onAbort(signal, fired);
      },
      transform: (chunk) => guarded(() => codec.write(inbox.take(chunk))),
      flush: async () => {
        await guarded(() => codec.end());
        end();
      },
      // Node.js 20 has no such hook: there the collector takes the keys.
      cancel: end,
    },
    { highWaterMark: HIGH_WATER_MARK, size: (chunk) => inbox.put(chunk) },
    BY_LENGTH,
  );
}

/**
 * Chunks that were written to a Web stream, and wait for their turn: their bytes as they were then.
 *
 * A stream asks for the size of each chunk when it is written, and transforms them in that order.
 */
class Inbox {
  /** @type {({ bytes: Uint8Array, length: number } | { error: unknown })[]} */
  #waiting = [];

  /**
   * @param {unknown} chunk
   * @returns {number} its length in bytes
   */
  put(chunk) {
    try {
      const bytes = args.bytes(chunk, 'a chunk');
      this.#waiting.push({ bytes, length: bytes.length });
      return bytes.length;
    } catch (error) {
      // Thrown here, it would not reach those who read the stream.
      this.#waiting.push({ error });
      return 1;
    }
  }

  /**
   * @param {unknown} chunk
   * @returns {Uint8Array} the bytes of the chunk that waits longest
   */
  take(chunk) {
    const first = this.#waiting.shift();
    if (!first) return args.bytes(chunk, 'a chunk');
    if ('error' in first) throw first.error;
    args.checkUnchanged(first.bytes, first.length);
    return first.bytes;
  }
}

module.exports = { nodeStream, webStream };
