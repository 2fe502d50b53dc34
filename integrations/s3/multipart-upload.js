'use strict';

const { EnvelopeError } = require('../../lib/errors.js');
const { throwIfAborted } = require('../../lib/calls/abort.js');
const { onAbort } = require('../../lib/calls/signal.js');
const { writeOnce } = require('./lost-answers.js');
const { putInstructionFileAnd } = require('./put-with-file.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {{ metadata: Record<string, string>, instructionFile: string | undefined }} Description */
/** One part: the command that sends it, and what that takes beside the object's place. */
/** @typedef {{ command: string, fields: Record<string, any>, isLast: boolean }} Part */

/** The most parts that S3 takes. */
const MAX_PARTS = 10_000;
/** How many parts are on their way, and in memory, at most. */
const IN_FLIGHT = 4;

/**
 * Lends a multipart upload, and resolves to what the work with it does. Nothing is visible before all is there;
 * what fails is taken back.
 *
 * @template T
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of CreateMultipartUpload
 * @param {{
 *   describe: () => Description, checksumAlgorithm?: string | undefined, signal: AbortSignal | undefined,
 * }} options describe: what goes beside the body, once its first bytes have come; checksumAlgorithm: of the
 *   checksums that the client adds to parts by itself
 * @param {(upload: Upload, stopped: AbortSignal) => Promise<T>} work
 */
async function inParts(store, input, { describe, checksumAlgorithm, signal }, work) {
  throwIfAborted(signal);
  const stop = new AbortController();
  const ignore = signal && onAbort(signal, () => stop.abort(signal.reason));
  // S3 refuses parts with a checksum that was not announced.
  const announced = { ...input, ChecksumAlgorithm: input.ChecksumAlgorithm ?? checksumAlgorithm };
  const upload = new Upload(store, announced, describe, stop);
  try {
    return await work(upload, stop.signal);
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
   * @param {AsyncIterable<Part> | Iterable<Part>} source
   */
  async send(source) {
    let number = 0;
    for await (const part of source) {
      if (part.isLast && number === 0) return part;
      // The pipeline may have failed while this part was on its way here.
      if (this.#stop.signal.aborted) break;
      number += 1;
      if (number > MAX_PARTS) throw tooManyParts();
      this.#id ??= this.#begin();
      const id = await this.#id;
      while (this.#inFlight.size >= IN_FLIGHT) await Promise.race(this.#inFlight);
      if (this.#stop.signal.aborted) break;
      this.#start(id, number, part);
    }
    await Promise.all(this.#inFlight);
    if (this.failure) throw this.failure;
    return undefined;
  }

  /**
   * Makes the object of all parts.
   *
   * @param {() => Promise<any>} findWritten resolves to what S3 says of the object, if it has been made
   * @param {AbortSignal | undefined} signal
   */
  async complete(findWritten, signal) {
    throwIfAborted(signal);
    const { instructionFile } = this.#describe();
    const input = {
      ...this.#input,
      UploadId: await this.#id,
      MultipartUpload: { Parts: this.#parts },
    };
    const complete = () => this.#store.send('CompleteMultipartUploadCommand', input);
    const finish = () => writeOnce(complete, findWritten);
    // As late as can be: until then an object of before, which this one replaces, can be read. From here on
    // the signal is not heeded, as the two belong together.
    return putInstructionFileAnd(this.#store, this.#input, instructionFile, finish);
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
    });
    return UploadId;
  }

  /**
   * @param {string} id
   * @param {number} number
   * @param {Part} part
   */
  #start(id, number, part) {
    const sent = this.#sendPart(id, number, part)
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
   * @param {Part} part
   */
  async #sendPart(id, number, { command, fields }) {
    const input = { ...this.#input, ...fields, UploadId: id, PartNumber: number };
    const answer = await this.#store.send(command, input, this.#stop.signal);
    const { CopyPartResult: result = answer } = answer;
    const checks = Object.entries(result).filter(([name]) => /^(ETag|Checksum.*)$/.test(name));
    this.#parts[number - 1] = { PartNumber: number, ...Object.fromEntries(checks) };
  }
}

function tooManyParts() {
  return new EnvelopeError(
    'ERR_ENVELOPE_LIMIT_EXCEEDED',
    `the body makes more than the ${MAX_PARTS} parts that S3 takes; give a longer partLength`,
  );
}

module.exports = { MAX_PARTS, inParts };
