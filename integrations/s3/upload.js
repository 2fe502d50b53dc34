'use strict';

const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { EnvelopeError } = require('../../lib/errors.js');
const { throwIfAborted } = require('../../lib/calls/abort.js');
const { onAbort } = require('../../lib/calls/signal.js');
const { putWhole } = require('./put-whole.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {{ metadata: Record<string, string>, instructionFile: string | undefined }} Description */

/** The most parts that S3 takes. */
const MAX_PARTS = 10_000;
/** How many parts are on their way, and in memory, at most. */
const IN_FLIGHT = 4;

/**
 * Encrypts a stream and uploads it by parts, or in one request if it makes no more than one part; resolves to
 * S3's answer. Nothing is visible before all is there; what fails is taken back.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {{
 *   encrypt: any, describe: () => Description, partLength: number, signal: AbortSignal | undefined,
 * }} options describe: what goes beside the body, once its first bytes have come
 */
async function uploadStream(store, input, { encrypt, describe, partLength, signal }) {
  throwIfAborted(signal);
  const stop = new AbortController();
  const ignore = signal && onAbort(signal, () => stop.abort(signal.reason));
  const upload = new Upload(store, input, describe, stop);
  try {
    const source = input.Body instanceof Readable ? input.Body : Readable.from(input.Body);
    const send = (/** @type {AsyncIterable<Uint8Array>} */ chunks) =>
      upload.send(parts(chunks, partLength));
    const onlyPart = await pipeline(source, encrypt, send, { signal: stop.signal });
    if (onlyPart === undefined) return await upload.complete(signal);
    return await putWhole(store, input, { ...describe(), body: onlyPart }, signal);
  } catch (error) {
    await upload.abandon();
    throwIfAborted(signal);
    throw upload.failure ?? error;
  } finally {
    ignore?.();
  }
}

/**
 * A multipart upload.
 *
 * It begins with its second part, and ends by `complete` or `abandon`. The first failure of a part ends all
 * that is under way, and is kept as `failure`.
 */
class Upload {
  #store;
  #input;
  #describe;
  #stop;
  /** @type {Promise<string> | undefined} the upload's id */
  #id;
  /** @type {Record<string, unknown>[]} what S3 answered to each part, as completing wants it */
  #parts = [];
  /** @type {Set<Promise<void>>} */
  #inFlight = new Set();
  /** @type {unknown} */
  failure;

  /**
   * @param {ObjectStore} store
   * @param {Record<string, any>} input
   * @param {() => Description} describe
   * @param {AbortController} stop ends all that is under way
   */
  constructor(store, input, describe, stop) {
    this.#store = store;
    this.#input = input;
    this.#describe = describe;
    this.#stop = stop;
  }

  /**
   * Sends all parts; returns the only part, unsent, if there is but one.
   *
   * @param {AsyncIterable<{ bytes: Buffer, isLast: boolean }>} source
   */
  async send(source) {
    let number = 0;
    for await (const { bytes, isLast } of source) {
      if (isLast && number === 0) return bytes;
      // The pipeline may have failed while this part was on its way here.
      if (this.#stop.signal.aborted) break;
      number += 1;
      if (number > MAX_PARTS) throw tooManyParts();
      this.#id ??= this.#begin();
      const id = await this.#id;
      while (this.#inFlight.size >= IN_FLIGHT) await Promise.race(this.#inFlight);
      if (this.#stop.signal.aborted) break;
      this.#start(id, number, bytes);
    }
    await Promise.all(this.#inFlight);
    if (this.failure) throw this.failure;
    return undefined;
  }

  /**
   * Makes the object of all parts.
   *
   * @param {AbortSignal | undefined} signal
   */
  async complete(signal) {
    throwIfAborted(signal);
    const { instructionFile } = this.#describe();
    // As late as can be: until then an object of before, which this one replaces, can be read. From here on
    // the signal is not heeded, as the two belong together.
    if (instructionFile !== undefined) {
      await this.#store.putInstructionFile(this.#input, instructionFile);
    }
    return this.#store.send('CompleteMultipartUploadCommand', {
      ...this.#input,
      UploadId: await this.#id,
      MultipartUpload: { Parts: this.#parts },
    });
  }

  /** Takes back what was uploaded; resolves once nothing is under way any more. */
  async abandon() {
    this.#stop.abort();
    const id = await this.#id?.catch(() => undefined);
    await Promise.all(this.#inFlight);
    if (id === undefined) return;
    const { Bucket, Key, ExpectedBucketOwner, RequestPayer } = this.#input;
    const input = { Bucket, Key, ExpectedBucketOwner, RequestPayer, UploadId: id };
    // What made it fail is what the caller has to know.
    await this.#store.send('AbortMultipartUploadCommand', input).catch(() => undefined);
  }

  /** Never aborted: of an upload whose id did not arrive, the parts could not be taken back. */
  async #begin() {
    const { metadata } = this.#describe();
    const { UploadId } = await this.#store.send('CreateMultipartUploadCommand', {
      ...this.#input,
      Metadata: { ...this.#input.Metadata, ...metadata },
      // S3 refuses parts with a checksum that was not announced, and the client adds one by itself.
      ChecksumAlgorithm: this.#input.ChecksumAlgorithm ?? (await this.#store.checksumAlgorithm()),
    });
    return UploadId;
  }

  /**
   * @param {string} id
   * @param {number} number
   * @param {Buffer} bytes
   */
  #start(id, number, bytes) {
    const sent = this.#sendPart(id, number, bytes)
      .catch((error) => {
        // One that fails because all is ended is not the reason for that.
        if (!this.#stop.signal.aborted) this.failure ??= error;
        this.#stop.abort();
      })
      .finally(() => this.#inFlight.delete(sent));
    this.#inFlight.add(sent);
  }

  /**
   * @param {string} id
   * @param {number} number
   * @param {Buffer} bytes the client sends them again, as they are, where it tries again
   */
  async #sendPart(id, number, bytes) {
    const part = { UploadId: id, PartNumber: number, Body: bytes };
    const { signal } = this.#stop;
    const answer = await this.#store.send('UploadPartCommand', { ...this.#input, ...part }, signal);
    const checks = Object.entries(answer).filter(([name]) => /^(ETag|Checksum.*)$/.test(name));
    this.#parts[number - 1] = { PartNumber: number, ...Object.fromEntries(checks) };
  }
}

/**
 * Yields the chunks joined into parts of one length, of which the last may be shorter. Each has memory of
 * its own.
 *
 * @param {AsyncIterable<Uint8Array>} chunks
 * @param {number} length
 */
async function* parts(chunks, length) {
  let part = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      if (filled === length) {
        yield { bytes: part, isLast: false };
        part = Buffer.allocUnsafeSlow(length);
        filled = 0;
      }
      const piece = chunk.subarray(at, at + length - filled);
      part.set(piece, filled);
      filled += piece.length;
      at += piece.length;
    }
  }
  yield { bytes: part.subarray(0, filled), isLast: true };
}

function tooManyParts() {
  return new EnvelopeError(
    'ERR_ENVELOPE_LIMIT_EXCEEDED',
    `the body makes more than the ${MAX_PARTS} parts that S3 takes; give a longer partLength`,
  );
}

module.exports = { uploadStream };
