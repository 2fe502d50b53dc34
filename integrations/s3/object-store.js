'use strict';

const { hasFunction } = require('../../lib/input/functions.js');
const args = require('../../lib/input/index.js');
const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { throwIfAborted } = require('../../lib/calls/abort.js');
const { isS3Object, needsInstructionFile } = require('../../lib/s3-objects/metadata.js');
const { readSettings } = require('../../lib/s3-objects/read.js');
const { collect } = require('./body.js');
const { s3Commands } = require('./commands.js');
const { besideOf } = require('./inputs.js');
const { isMarkedMessage } = require('./marker.js');

const OPTIONS = /** @type {const} */ ([
  'client',
  'keyring',
  'envelope',
  'commitmentPolicy',
  'legacyWrapping',
  'legacyContent',
  'instructionFileSuffix',
  'maxBufferLength',
]);
/** How an instruction file's key ends, unless told otherwise. */
const SUFFIX = '.instruction';
/** The longest instruction file, in bytes: clients write some hundreds. */
const MAX_FILE_LENGTH = 256 * 1024;
/** The longest body that is held in memory, in bytes, unless told otherwise. */
const MAX_BUFFER_LENGTH = 64 * 1024 * 1024;

/** An instruction file: its place, its text as bytes, and what else GetObject answered. */
/** @typedef {{ place: Record<string, any>, text: Buffer, output: Record<string, any> }} InstructionFile */

/** The user's client, and the settings that all calls share. */
class ObjectStore {
  #client;

  /** @param {unknown} options those of `EncryptedS3` */
  constructor(options) {
    const checkedOptions = args.options(options, OPTIONS);
    const { client, keyring, envelope, commitmentPolicy, legacyWrapping, legacyContent } =
      checkedOptions;
    if (!hasFunction(client, 'send')) {
      throw invalid('client must be an S3Client of @aws-sdk/client-s3');
    }
    if (keyring === undefined && envelope === undefined) {
      throw invalid('give a keyring for objects of the S3 Encryption Clients, or an envelope');
    }
    this.#client = /** @type {any} */ (client);
    this.keyring = keyring;
    this.envelope = /** @type {any} */ (envelope);
    this.policy = { commitmentPolicy, legacyWrapping, legacyContent };
    if (keyring !== undefined) this.readSettings(undefined, undefined);
    const suffix = args.optionalString(
      checkedOptions.instructionFileSuffix,
      'instructionFileSuffix',
    );
    this.suffix = suffix ?? SUFFIX;
    this.maxBufferLength =
      args.optionalInteger(checkedOptions.maxBufferLength, 'maxBufferLength', 0, 2 ** 31) ??
      MAX_BUFFER_LENGTH;
  }

  /**
   * Sends a command, and resolves to its answer.
   *
   * @param {string} name
   * @param {Record<string, any>} input
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async send(name, input, signal) {
    throwIfAborted(signal);
    const commands = s3Commands();
    try {
      const output = await this.#client.send(new commands[name](input), { abortSignal: signal });
      // A body may break off while something else is awaited. Whoever reads it later is told, but an error
      // that nobody listens for would end the process.
      output?.Body?.on?.('error', () => {});
      return output;
    } catch (error) {
      throwIfAborted(signal);
      throw error;
    }
  }

  /** The algorithm of the checksums that the client sends without being asked; nothing if it sends none. */
  async checksumAlgorithm() {
    const when = await this.#client.config?.requestChecksumCalculation?.();
    return when === 'WHEN_SUPPORTED' ? 'CRC32' : undefined;
  }

  /**
   * @param {unknown} encryptionContext
   * @param {AbortSignal | undefined} signal
   */
  readSettings(encryptionContext, signal) {
    return readSettings({ keyring: this.keyring, encryptionContext, signal, ...this.policy });
  }

  /**
   * Throws for the metadata of an object that nothing which was given reads.
   *
   * @param {Record<string, string>} metadata
   */
  checkReadable(metadata) {
    if (this.keyring === undefined && !needsInstructionFile(metadata)) throw needsKeyring();
    if (this.envelope === undefined && isMarkedMessage(metadata)) throw needsEnvelope();
  }

  /**
   * Whether an object is one of an S3 Encryption Client, and its instruction file if it needs one.
   *
   * @param {Record<string, any>} place
   * @param {Record<string, string>} metadata
   * @param {AbortSignal | undefined} signal
   */
  async identify(place, metadata, signal) {
    const file = mayHaveInstructionFile(metadata)
      ? await this.instructionFile(place, signal)
      : undefined;
    return { file, isS3Object: file !== undefined || isS3Object(metadata) };
  }

  /**
   * An object's instruction file; nothing if there is none.
   *
   * @param {Record<string, any>} place
   * @param {AbortSignal | undefined} signal
   * @param {string} [suffix]
   * @returns {Promise<InstructionFile | undefined>}
   */
  async instructionFile(place, signal, suffix = this.suffix) {
    const beside = besideOf(place, suffix);
    try {
      const output = await this.send('GetObjectCommand', beside, signal);
      const text = await collect(output.Body, {
        most: MAX_FILE_LENGTH,
        name: 'the instruction file',
        instead: 'one that a client wrote',
        signal,
      });
      return { place: beside, text, output };
    } catch (error) {
      if (/** @type {any} */ (error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /** The ends of the keys that an object's instruction file may have. */
  suffixes() {
    return [...new Set([SUFFIX, this.suffix])];
  }

  /**
   * Bytes of a stored object, as they are stored.
   *
   * @param {Record<string, any>} place
   * @param {{ ETag?: string, start: number, end: number, signal: AbortSignal | undefined }} range
   */
  async storedRange(place, { ETag, start, end, signal }) {
    // HTTP counts the last byte in. IfMatch: every range is of one and the same object.
    const range = { Range: `bytes=${start}-${end - 1}`, IfMatch: ETag };
    const { Body } = await this.send('GetObjectCommand', { ...place, ...range }, signal);
    const name = 'the answer to a range';
    const most = end - start;
    const bytes = await collect(Body, { most, name, instead: 'a store that heeds Range', signal });
    if (bytes.length === most) return bytes;
    throw new EnvelopeError(
      'ERR_ENVELOPE_TRUNCATED_MESSAGE',
      `S3 gave ${bytes.length} of the ${most} bytes of a range; the object was cut off`,
    );
  }
}

/**
 * Returns whether an object with this metadata may have its data key in an instruction file.
 *
 * @param {Record<string, string>} metadata
 */
function mayHaveInstructionFile(metadata) {
  return needsInstructionFile(metadata) && !isMarkedMessage(metadata);
}

function needsKeyring() {
  return invalid('the object is one of an S3 Encryption Client; give a keyring to read it');
}

function needsEnvelope() {
  return invalid('the object is a message of this package; give an envelope to read it');
}

module.exports = { ObjectStore, SUFFIX, mayHaveInstructionFile, needsEnvelope, needsKeyring };
