'use strict';

const { isProxy } = require('node:util').types;

const { hasFunction } = require('../../lib/input/functions.js');
const args = require('../../lib/input/index.js');
const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { kind } = require('../../lib/input/kind.js');
const { isS3Object, needsInstructionFile } = require('../../lib/s3-objects/metadata.js');
const { decryptBody, openObject, readSettings } = require('../../lib/s3-objects/read.js');
const { verifiedStream } = require('../../lib/s3-objects/stream.js');
const { encryptS3Object } = require('../../lib/s3-objects/write.js');

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
const GET_OPTIONS = /** @type {const} */ (['encryptionContext', 'signal']);
const PUT_OPTIONS = /** @type {const} */ ([...GET_OPTIONS, 'format', 'storage']);
const SUFFIX = '.instruction';
/** The longest instruction file, in bytes: clients write some hundreds. */
const MAX_FILE_LENGTH = 256 * 1024;
/** The longest body that `get` holds in memory, in bytes, unless told otherwise. */
const MAX_BUFFER_LENGTH = 64 * 1024 * 1024;

/** Puts objects encrypted into S3, and gets them decrypted, through a client of `@aws-sdk/client-s3`. */
class EncryptedS3 {
  #client;
  #keyring;
  #envelope;
  #policy;
  #suffix;
  #maxBufferLength;

  /** @param {unknown} options */
  constructor(options) {
    const given = args.options(options, OPTIONS);
    const { client, keyring, envelope, commitmentPolicy, legacyWrapping, legacyContent } = given;
    if (!hasFunction(client, 'send')) {
      throw invalid('client must be an S3Client of @aws-sdk/client-s3');
    }
    if (keyring === undefined && envelope === undefined) {
      throw invalid('give a keyring for objects of the S3 Encryption Clients, or an envelope');
    }
    this.#client = /** @type {any} */ (client);
    this.#keyring = keyring;
    this.#envelope = /** @type {any} */ (envelope);
    this.#policy = { commitmentPolicy, legacyWrapping, legacyContent };
    if (keyring !== undefined) readSettings({ keyring, ...this.#policy });
    this.#suffix =
      args.optionalString(given.instructionFileSuffix, 'instructionFileSuffix') ?? SUFFIX;
    this.#maxBufferLength =
      args.optionalInteger(given.maxBufferLength, 'maxBufferLength', 0, 2 ** 31) ??
      MAX_BUFFER_LENGTH;
  }

  /**
   * @param {Record<string, any>} input that of PutObject; `Body` is bytes or text
   * @param {unknown} [options]
   */
  async put(input, options) {
    checkPlace(input);
    const { encryptionContext, format, storage, signal } = callOptions(options, PUT_OPTIONS);
    if (isS3Object(input.Metadata ?? {})) {
      throw invalid('Metadata must have no name that starts with "x-amz-": those are the format’s');
    }
    if (this.#keyring === undefined) {
      const body = await this.#envelope.encrypt(input.Body, { encryptionContext, signal });
      return this.#send('PutObjectCommand', { ...input, Body: body }, signal);
    }
    const { commitmentPolicy } = this.#policy;
    const object = await encryptS3Object(input.Body, {
      ...{ keyring: this.#keyring, encryptionContext, commitmentPolicy, format, storage, signal },
    });
    if (object.instructionFile !== undefined) {
      // First, as the object cannot be read without it.
      const file = { Bucket: input.Bucket, Key: input.Key + SUFFIX, Body: object.instructionFile };
      await this.#send('PutObjectCommand', file, signal);
    }
    const Metadata = { ...input.Metadata, ...object.metadata };
    return this.#send('PutObjectCommand', { ...input, Body: object.body, Metadata }, signal);
  }

  /**
   * The object with its plaintext as `body`, once all of it has verified.
   *
   * @param {Record<string, any>} input that of GetObject
   * @param {unknown} [options]
   */
  async get(input, options) {
    const { output, reader, encryptionContext, signal } = await this.#open(input, options);
    const stored = await collect(output.Body, this.#maxBufferLength, 'the object', 'getStream');
    const body = reader
      ? await decryptBody(reader, stored, signal)
      : await this.#envelope.decrypt(stored, { encryptionContext, signal });
    return { ...output, Body: undefined, body };
  }

  /**
   * The object with a stream of its plaintext as `stream`. An object of an S3 Encryption Client has
   * verified before the stream begins.
   *
   * @param {Record<string, any>} input that of GetObject
   * @param {unknown} [options]
   */
  async getStream(input, options) {
    const { output, reader, encryptionContext, signal } = await this.#open(input, options);
    if (reader) {
      const { stream, length } = await verifiedStream(reader, output.Body, signal);
      return { ...output, Body: undefined, stream, length };
    }
    const decrypt = this.#envelope.decryptStream({ encryptionContext, signal });
    output.Body.once('error', (/** @type {Error} */ error) => decrypt.destroy(error));
    return { ...output, Body: undefined, stream: output.Body.pipe(decrypt) };
  }

  /**
   * Deletes the object and its instruction file.
   *
   * @param {Record<string, any>} input that of DeleteObject
   * @param {unknown} [options]
   */
  async delete(input, options) {
    checkPlace(input);
    const { signal } = callOptions(options, /** @type {const} */ (['signal']));
    const answer = await this.#send('DeleteObjectCommand', input, signal);
    for (const suffix of new Set([SUFFIX, this.#suffix])) {
      const file = { Bucket: input.Bucket, Key: input.Key + suffix };
      await this.#send('DeleteObjectCommand', file, signal);
    }
    return answer;
  }

  /**
   * @param {Record<string, any>} input
   * @param {unknown} options
   */
  async #open(input, options) {
    checkPlace(input);
    if (input.Range !== undefined) {
      throw invalid('Range would give bytes that nothing verifies; get the whole object');
    }
    const { encryptionContext, signal } = callOptions(options, GET_OPTIONS);
    const output = await this.#send('GetObjectCommand', input, signal);
    try {
      const metadata = output.Metadata ?? {};
      if (this.#keyring === undefined)
        return { output, reader: undefined, encryptionContext, signal };
      const settings = readSettings({
        ...{ keyring: this.#keyring, encryptionContext, signal },
        ...this.#policy,
      });
      const file = needsInstructionFile(metadata)
        ? await this.#instructionFile(input, signal)
        : undefined;
      const isMessage = file === undefined && !isS3Object(metadata);
      if (this.#envelope && isMessage)
        return { output, reader: undefined, encryptionContext, signal };
      const reader = await openObject(metadata, file, settings);
      return { output, reader, encryptionContext, signal };
    } catch (error) {
      output.Body?.destroy?.();
      throw error;
    }
  }

  /**
   * The text of the object's instruction file; nothing if there is none.
   *
   * @param {Record<string, any>} input
   * @param {AbortSignal | undefined} signal
   */
  async #instructionFile({ Bucket, Key }, signal) {
    const file = { Bucket, Key: Key + this.#suffix };
    try {
      const { Body } = await this.#send('GetObjectCommand', file, signal);
      return await collect(
        Body,
        MAX_FILE_LENGTH,
        'the instruction file',
        'one that a client wrote',
      );
    } catch (error) {
      if (/** @type {any} */ (error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /**
   * @param {string} name
   * @param {Record<string, any>} input
   * @param {AbortSignal | undefined} signal
   */
  #send(name, input, signal) {
    // Named in full, so that a bundler takes it along; and only now, as it is the user's to install.
    // @ts-ignore: it is not installed here
    const commands = require('@aws-sdk/client-s3');
    return this.#client.send(new commands[name](input), { abortSignal: signal });
  }
}

/** @param {unknown} input */
function checkPlace(input) {
  const names = /** @type {const} */ (['Bucket', 'Key']);
  for (const name of names) args.string(/** @type {any} */ (plainInput(input))[name], name);
}

/** @param {unknown} input */
function plainInput(input) {
  if (typeof input === 'object' && input !== null && !isProxy(input)) return input;
  throw invalid(`give the input of the command, such as { Bucket, Key }, not ${kind(input)}`);
}

/**
 * @param {unknown} options
 * @param {readonly string[]} known
 * @returns {Record<string, any>} each option that was given, the signal checked
 */
function callOptions(options, known) {
  const given = args.options(options, known);
  return { ...given, signal: args.abortSignal(given.signal) };
}

/**
 * Returns all bytes of a body, if they are not too many: what the store says of the length is not believed.
 *
 * @param {any} body
 * @param {number} most
 * @param {string} what
 * @param {string} instead what to use for more
 */
async function collect(body, most, what, instead) {
  const chunks = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > most) {
      // The loop destroys the body when it is left.
      throw new EnvelopeError(
        'ERR_ENVELOPE_LIMIT_EXCEEDED',
        `${what} has more than the ${most} bytes that are held in memory; use ${instead}`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

module.exports = { EncryptedS3 };
