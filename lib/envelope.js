'use strict';

const args = require('./input/index.js');
const { brand, unknownObject } = require('./input/copies.js');
const { Core } = require('./native/client.js');
const { envelopeOptions } = require('./envelope-options.js');
const { TextCalls } = require('./text-calls.js');
const whole = require('./whole/index.js');
const { lazy } = require('./lazy.js');

const batch = lazy(() => require('./whole/batch.js'));
const dataKeys = lazy(() => require('./data-keys.js'));
const files = lazy(() => require('./files.js'));
const ranges = lazy(() => require('./ranges/index.js'));
const streams = lazy(() => require('./streams/index.js'));
const warm = lazy(() => require('./whole/warm.js'));

/**
 * What the messages of an envelope are written with.
 *
 * @type {(envelope: unknown) => import('../binding').Client}
 */
let clientOf;

/** Encrypts and decrypts under one key. */
class Envelope extends TextCalls {
  #core;

  /**
   * @param {unknown} key a key string, or options with a keyId or a keyring
   * @param {unknown} [options] those of a key string
   */
  constructor(key, options) {
    super();
    this.#core = new Core(envelopeOptions(key, options));
  }

  /**
   * @param {unknown} key
   * @param {unknown} [options]
   */
  static async open(key, options) {
    const { taken, rest } = args.take(options, 'signal');
    const signal = args.abortSignal(taken);
    const envelope = new Envelope(key, Object.keys(rest).length > 0 ? rest : undefined);
    await envelope.#core.checkKeyring(signal);
    return envelope;
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  async encrypt(data, options) {
    return whole.encrypt(this.#core, data, options);
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  encryptSync(data, options) {
    return whole.encryptSync(this.#core, data, options);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decrypt(message, options) {
    return whole.decrypt(this.#core, message, options);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptMessage(message, options) {
    return whole.decryptMessage(this.#core, message, options);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  decryptSync(message, options) {
    return whole.decryptSync(this.#core, message, options);
  }

  /**
   * @param {unknown} items
   * @param {unknown} [options]
   */
  async encryptBatch(items, options) {
    return batch().encryptBatch(this.#core, items, options);
  }

  /**
   * @param {unknown} messages
   * @param {unknown} [options]
   */
  async decryptBatch(messages, options) {
    return batch().decryptBatch(this.#core, messages, options);
  }

  /** @param {unknown} [options] */
  encryptStream(options) {
    return streams().encryptStream(this.#core, options);
  }

  /** @param {unknown} [options] */
  decryptStream(options) {
    return streams().decryptStream(this.#core, options);
  }

  /** @param {unknown} [options] */
  encryptWebStream(options) {
    return streams().encryptWebStream(this.#core, options);
  }

  /** @param {unknown} [options] */
  decryptWebStream(options) {
    return streams().decryptWebStream(this.#core, options);
  }

  /**
   * @param {unknown} source
   * @param {unknown} destination
   * @param {unknown} [options]
   */
  encryptFile(source, destination, options) {
    return files().encryptFile(this.#core, source, destination, options);
  }

  /**
   * @param {unknown} source
   * @param {unknown} destination
   * @param {unknown} [options]
   */
  decryptFile(source, destination, options) {
    return files().decryptFile(this.#core, source, destination, options);
  }

  /**
   * @param {unknown} source
   * @param {unknown} destination
   * @param {unknown} to
   * @param {unknown} [options]
   */
  async reEncryptFile(source, destination, to, options) {
    const target = Envelope.#coreOf(to);
    return files().reEncryptFile(this.#core, target, source, destination, options);
  }

  /**
   * @param {unknown} source
   * @param {unknown} [options]
   */
  async openMessage(source, options) {
    return ranges().openMessage(this.#core, source, options);
  }

  /**
   * @param {unknown} source
   * @param {unknown} [options]
   */
  async decryptRange(source, options) {
    return ranges().decryptRange(this.#core, source, options);
  }

  /**
   * @param {unknown} source
   * @param {unknown} [options]
   */
  async plaintextSize(source, options) {
    return ranges().plaintextSize(this.#core, source, options);
  }

  /**
   * @param {unknown} message
   * @param {unknown} to
   * @param {unknown} [options]
   */
  async reEncrypt(message, to, options) {
    return whole.reEncrypt(this.#core, Envelope.#coreOf(to), message, options);
  }

  /**
   * @param {unknown} to
   * @param {unknown} [options]
   */
  reEncryptStream(to, options) {
    return streams().reEncryptStream(this.#core, Envelope.#coreOf(to), options);
  }

  /** @param {unknown} [options] */
  async warm(options) {
    return warm().warm(this.#core, options);
  }

  clearCache() {
    this.#core.client.clearCache();
  }

  stats() {
    const { cache, ...stats } = this.#core.client.stats();
    return { ...stats, cache: cache ?? undefined };
  }

  /** @param {unknown} [options] */
  async generateDataKey(options) {
    return dataKeys().generateDataKey(this.#core.keyring, options);
  }

  /** @param {unknown} [options] */
  async generateDataKeyWithoutPlaintext(options) {
    return dataKeys().generateDataKeyWithoutPlaintext(this.#core.keyring, options);
  }

  /**
   * @param {unknown} ciphertextBlob
   * @param {unknown} [options]
   */
  async decryptDataKey(ciphertextBlob, options) {
    return dataKeys().decryptDataKey(this.#core.keyring, ciphertextBlob, options);
  }

  /**
   * @param {unknown} ciphertextBlob
   * @param {unknown} to
   * @param {unknown} [options]
   */
  async rewrapDataKey(ciphertextBlob, to, options) {
    const target = Envelope.#coreOf(to).keyring;
    return dataKeys().rewrapDataKey(this.#core.keyring, ciphertextBlob, target, options);
  }

  /** @param {unknown} [options] */
  async generateDataKeyPair(options) {
    return dataKeys().generateDataKeyPair(this.#core.keyring, true, options);
  }

  /** @param {unknown} [options] */
  async generateDataKeyPairWithoutPlaintext(options) {
    return dataKeys().generateDataKeyPair(this.#core.keyring, false, options);
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  async encryptDirect(data, options) {
    return dataKeys().encryptDirect(this.#core.keyring, data, options);
  }

  /**
   * @param {unknown} ciphertextBlob
   * @param {unknown} [options]
   */
  async decryptDirect(ciphertextBlob, options) {
    return dataKeys().decryptDataKey(this.#core.keyring, ciphertextBlob, options);
  }

  /**
   * Returns the core of another envelope.
   *
   * @param {unknown} envelope
   * @param {string} [name] how the argument is called, for the error
   */
  static #coreOf(envelope, name = 'the envelope to re-encrypt to') {
    if (Object(envelope) === envelope && #core in /** @type {Envelope} */ (envelope)) {
      return /** @type {Envelope} */ (envelope).#core;
    }
    throw unknownObject(envelope, 'Envelope', name, 'must be an Envelope');
  }

  static {
    clientOf = (envelope) => Envelope.#coreOf(envelope, 'envelope').client;
  }
}

brand(Envelope);

module.exports = { Envelope, clientOf };
