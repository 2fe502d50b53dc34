'use strict';

const { throwIfAborted } = require('../../lib/calls/abort.js');
const { invalid } = require('../../lib/errors.js');
const { copyObject } = require('./copy.js');
const { getObject, getObjectStream } = require('./get.js');
const { getObjectFile } = require('./get-file.js');
const { headObject } = require('./head.js');
const { besideOf, callOptions, checkPlace } = require('./inputs.js');
const { migrateObject } = require('./migrate.js');
const { ObjectStore } = require('./object-store.js');
const { putObject } = require('./put.js');
const { rewrapInstructionFile } = require('./rewrap.js');

const SIGNAL = /** @type {const} */ (['signal']);

/** Puts objects encrypted into S3, and gets them decrypted, through a client of `@aws-sdk/client-s3`. */
class EncryptedS3 {
  #store;

  /** @param {unknown} options */
  constructor(options) {
    this.#store = new ObjectStore(options);
  }

  /**
   * @param {Record<string, any>} input that of PutObject; `Body` is bytes, text or a stream
   * @param {unknown} [options]
   */
  async put(input, options) {
    return putObject(this.#store, input, options);
  }

  /**
   * The object with its plaintext as `body`, once all of it has verified.
   *
   * @param {Record<string, any>} input that of GetObject
   * @param {unknown} [options]
   */
  async get(input, options) {
    return getObject(this.#store, input, options);
  }

  /**
   * The object with a stream of its plaintext as `stream`. An object of an S3 Encryption Client has
   * verified before the stream begins.
   *
   * @param {Record<string, any>} input that of GetObject
   * @param {unknown} [options]
   */
  async getStream(input, options) {
    return getObjectStream(this.#store, input, options);
  }

  /**
   * The answer of GetObject, once the plaintext is in a file, which appears complete or not at all.
   *
   * @param {Record<string, any>} input that of GetObject
   * @param {unknown} destination a path
   * @param {unknown} [options]
   */
  async getFile(input, destination, options) {
    return getObjectFile(this.#store, input, destination, options);
  }

  /**
   * What S3 and the object's metadata say of it, as `encryption`; nothing of it is authenticated.
   *
   * @param {Record<string, any>} input that of HeadObject
   * @param {unknown} [options]
   */
  async head(input, options) {
    const { signal } = callOptions(options, SIGNAL);
    return headObject(this.#store, input, signal);
  }

  /**
   * Copies an object within S3, as it is stored, with its instruction file.
   *
   * @param {Record<string, any>} from its place
   * @param {Record<string, any>} to the input of CopyObject, without CopySource
   * @param {unknown} [options]
   */
  async copy(from, to, options) {
    const { signal } = callOptions(options, SIGNAL);
    return copyObject(this.#store, from, to, signal);
  }

  /**
   * Wraps the data key of an instruction file again, and rewrites that file.
   *
   * @param {Record<string, any>} place of the object
   * @param {unknown} [options]
   */
  async rewrapInstructionFile(place, options) {
    return rewrapInstructionFile(this.#store, place, options);
  }

  /**
   * Encrypts an object of an old format anew, and puts it into its place.
   *
   * @param {Record<string, any>} place
   * @param {unknown} [options]
   */
  async migrate(place, options) {
    return migrateObject(this.#store, place, options, (other) => {
      if (typeof other === 'object' && other !== null && #store in other) return other.#store;
      throw invalid('to must be an EncryptedS3');
    });
  }

  /**
   * Deletes the object and its instruction file; or one version of the object, and nothing else.
   *
   * @param {Record<string, any>} input that of DeleteObject
   * @param {unknown} [options]
   */
  async delete(input, options) {
    checkPlace(input);
    const { signal } = callOptions(options, SIGNAL);
    // The newest file belongs to another version.
    const isVersion = input.VersionId !== undefined;
    if (isVersion) return this.#store.send('DeleteObjectCommand', input, signal);
    throwIfAborted(signal);
    // Once it has begun the signal is not heeded, as the two belong together.
    const answer = await this.#store.send('DeleteObjectCommand', input);
    for (const suffix of this.#store.suffixes()) {
      await this.#store.send('DeleteObjectCommand', besideOf(input, suffix));
    }
    return answer;
  }
}

module.exports = { EncryptedS3 };
