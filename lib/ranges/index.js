'use strict';

const args = require('../input/index.js');
const { abortable, throwIfAborted, untilAborted } = require('../calls/abort.js');
const { EnvelopeError, invalid, native } = require('../errors.js');
const { describe } = require('../header.js');
const { lazy } = require('../lazy.js');
const { byteRange } = require('./byte-range.js');
const { openSource } = require('./source.js');

const streams = lazy(() => require('./stream.js'));

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */
/** @typedef {import('./source.js').Source} Source */

/** What is read first: most headers are shorter. */
const FIRST_READ = 4 * 1024;

/** How much plaintext one read of the source and one call of the addon give at most. */
const SLICE = 1024 * 1024;

const RANGE_OPTIONS = /** @type {const} */ ([...args.CONTEXT_AND_SIGNAL, 'start', 'end']);

/**
 * Returns a message of which any range can be read. The signal ends the opening only.
 *
 * @param {Core} core
 * @param {unknown} source
 * @param {unknown} options
 */
async function openMessage(core, source, options) {
  const { encryptionContext, signal } = args.callOptions(options, args.CONTEXT_AND_SIGNAL);
  const { ranges, headerReader } = await open(core, source, encryptionContext, signal);
  try {
    return new Message(ranges, describe(headerReader));
  } finally {
    headerReader.release();
  }
}

/**
 * Returns one range of a plaintext.
 *
 * @param {Core} core
 * @param {unknown} source
 * @param {unknown} options
 */
async function decryptRange(core, source, options) {
  const { encryptionContext, signal, checkedOptions } = args.callOptions(options, RANGE_OPTIONS);
  const opened = await open(core, source, encryptionContext, signal, signal);
  opened.headerReader.release();
  const { ranges } = opened;
  try {
    return await ranges.read(checkedOptions);
  } finally {
    await ranges.close();
  }
}

/**
 * Returns how many bytes a plaintext has.
 *
 * @param {Core} core
 * @param {unknown} source
 * @param {unknown} options
 */
async function plaintextSize(core, source, options) {
  const message = await openMessage(core, source, options);
  await message.close();
  return message.size;
}

/**
 * Reads and authenticates the header and the final frame. Whoever opens a message releases the reader of its
 * header, and closes it.
 *
 * @param {Core} core
 * @param {unknown} source
 * @param {string[]} context
 * @param {AbortSignal | undefined} signal ends the opening
 * @param {AbortSignal} [readSignal] ends what is read later
 */
async function open(core, source, context, signal, readSignal) {
  throwIfAborted(signal);
  const opened = await openSource(source);
  try {
    const { reader, headerReader } = await authenticate(
      core,
      until(signal, opened),
      context,
      signal,
    );
    return { ranges: new Ranges(until(readSignal, opened), reader), headerReader };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/**
 * @param {Core} core
 * @param {Source} source
 * @param {string[]} context
 * @param {AbortSignal | undefined} signal
 */
async function authenticate(core, source, context, signal) {
  const headerReader = await readHeader(core, source, context, signal);
  try {
    const { size } = source;
    const start = native(() => headerReader.finalFrameStart(size));
    const reader = await abortable(signal, async (caller) => headerReader.openRanges(size, caller));
    // Not before: the header says how much this is.
    await openFinalFrame(reader, source, start);
    return { reader, headerReader };
  } catch (error) {
    headerReader.release();
    throw error;
  }
}

/**
 * @param {import('../../binding').RangeReader} reader
 * @param {Source} source
 * @param {number} start
 */
async function openFinalFrame(reader, source, start) {
  try {
    const finalFrame = await source.read(start, source.size);
    native(() => reader.open(finalFrame));
  } catch (error) {
    reader.release();
    throw error;
  }
}

/**
 * Reads as much of the source as its header takes, and returns its reader.
 *
 * @param {Core} core
 * @param {Source} source
 * @param {string[]} context
 * @param {AbortSignal | undefined} signal
 */
async function readHeader(core, source, context, signal) {
  // A signed message is refused by name where its final frame is looked for.
  const reader = core.headerReader(context, true);
  let from = 0;
  for (let length = FIRST_READ; from < source.size; length = 2 * from) {
    throwIfAborted(signal);
    const to = Math.min(from + length, source.size);
    const bytes = await source.read(from, to);
    if (native(() => reader.push(bytes))) return reader;
    from = to;
  }
  native(() => reader.expectWhole());
  throw invalid('the source is empty');
}

/** The plaintext of an open message, to be read in any order. */
class Ranges {
  #source;
  #reader;

  /**
   * @param {Source} source
   * @param {import('../../binding').RangeReader} reader
   */
  constructor(source, reader) {
    this.#source = source;
    this.#reader = reader;
  }

  /** How many bytes there are; asked anew each time, as the reader knows whether it has been closed. */
  get size() {
    return native(() => this.#reader.size);
  }

  /** The most that one read of the source gives: whole frames, so that none is read twice. */
  get step() {
    const frameLength = native(() => this.#reader.frameLength);
    return frameLength * Math.max(1, Math.floor(SLICE / frameLength));
  }

  /** @param {{ start?: unknown, end?: unknown }} range */
  async read(range) {
    const { start, end } = byteRange(this.size, range);
    const output = Buffer.allocUnsafe(end - start);
    try {
      const { step } = this;
      for (let from = start; from < end;) {
        const to = Math.min(end, from - (from % step) + step);
        await this.#readSlice(from, to, output, from - start);
        from = to;
      }
    } catch (error) {
      output.fill(0);
      throw error;
    }
    return output;
  }

  async close() {
    this.#reader.release();
    await this.#source.close();
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {Buffer} output
   * @param {number} at
   */
  async #readSlice(start, end, output, at) {
    const [from = 0, to = 0] = native(() => this.#reader.frames(start, end));
    const frames = from < to ? await this.#source.read(from, to) : new Uint8Array(0);
    if (frames.length < to - from) throw truncated();
    native(() => this.#reader.read(start, end, frames, output, at));
  }
}

/** A message to be read in any order, and its header. */
class Message {
  #ranges;

  /**
   * @param {Ranges} ranges
   * @param {import('../../index').MessageHeader} header
   */
  constructor(ranges, header) {
    this.#ranges = ranges;
    this.header = header;
    this.size = ranges.size;
  }

  /** @param {unknown} [range] */
  async read(range) {
    return this.#ranges.read(args.options(range, ['start', 'end']));
  }

  /** @param {unknown} [range] */
  stream(range) {
    const { size, step } = this.#ranges;
    const { start, end } = byteRange(size, args.options(range, ['start', 'end']));
    return streams().rangeStream(
      (from, to) => this.read({ start: from, end: to }),
      start,
      end,
      step,
    );
  }

  close() {
    return this.#ranges.close();
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/**
 * Returns a source whose reads a signal ends.
 *
 * @param {AbortSignal | undefined} signal
 * @param {Source} source
 * @returns {Source}
 */
function until(signal, source) {
  if (!signal) return source;
  const read = (/** @type {number} */ start, /** @type {number} */ end) =>
    untilAborted(signal, () => source.read(start, end, signal));
  return { ...source, read };
}

function truncated() {
  const message = 'the message was cut off while it was being read';
  return new EnvelopeError('ERR_ENVELOPE_TRUNCATED_MESSAGE', message);
}

module.exports = { decryptRange, openMessage, plaintextSize };
