'use strict';

const binding = require('./native/load.js');
const args = require('./input/index.js');
const { abortable, throwIfAborted } = require('./calls/abort.js');
const { begin, ready, readyNow } = require('./calls/start.js');
const { brand, copies, isOfCopy } = require('./input/copies.js');
const { Core } = require('./native/client.js');
const { envelopeOptions } = require('./envelope-options.js');
const { invalid } = require('./errors.js');
const { describe } = require('./header.js');
const { kind } = require('./input/kind.js');
const pieces = require('./whole/pieces.js');
const short = require('./whole/short.js');

const CALL_OPTIONS = /** @type {const} */ (['encryptionContext', 'into', 'signal']);
const SYNC_OPTIONS = /** @type {const} */ (['encryptionContext', 'into']);
const RE_ENCRYPT_OPTIONS = /** @type {const} */ ([...CALL_OPTIONS, 'newEncryptionContext']);
const DATA_KEY_OPTIONS = /** @type {const} */ (['encryptionContext', 'signal']);
const WARM_OPTIONS = /** @type {const} */ ([...DATA_KEY_OPTIONS, 'messages']);
const RANGE_OPTIONS = /** @type {const} */ ([...DATA_KEY_OPTIONS, 'start', 'end']);

// Loaded when they are first used: a program that needs only some starts sooner.
const batch = () => require('./whole/batch.js');
const dataKeys = () => require('./data-keys.js');
const files = () => require('./files.js');
const ranges = () => require('./ranges/index.js');
const streams = () => require('./streams/index.js');
const text = () => require('./text.js');
const warm = () => require('./whole/warm.js');

/**
 * What the messages of an envelope are written with.
 *
 * @type {(envelope: unknown) => import('../binding').Client}
 */
let clientOf;

/** Encrypts and decrypts under one key. */
class Envelope {
  #core;

  /**
   * @param {unknown} key a key string, or options with a keyId or a keyring
   * @param {unknown} [options] those of a key string
   */
  constructor(key, options) {
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
    await abortable(signal, (caller) => binding.checkKeyring(envelope.#core.keyring, caller));
    return envelope;
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  async encrypt(data, options) {
    const { encryptionContext, into, signal } = callOptions(options, CALL_OPTIONS);
    const input = args.bytes(data, 'data');
    throwIfAborted(signal);
    const { length } = input;
    const started = short.encrypt(this.#core, encryptionContext, input, into);
    if (Buffer.isBuffer(started)) return started;
    return pieces.run(await ready(signal, started), input, length, into, signal);
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  encryptSync(data, options) {
    const { encryptionContext, into } = callOptions(options, SYNC_OPTIONS);
    const input = args.bytes(data, 'data');
    const started = short.encrypt(this.#core, encryptionContext, input, into);
    return Buffer.isBuffer(started) ? started : pieces.runSync(readyNow(started), input, into);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decrypt(message, options) {
    const { encryptionContext, into, signal } = callOptions(options, CALL_OPTIONS);
    const input = args.bytes(message, 'message');
    throwIfAborted(signal);
    const { length } = input;
    const started = short.decrypt(this.#core, encryptionContext, input, into);
    if (Buffer.isBuffer(started)) return started;
    return pieces.run(await ready(signal, started), input, length, into, signal);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptMessage(message, options) {
    const { encryptionContext, into, signal } = callOptions(options, CALL_OPTIONS);
    const input = args.bytes(message, 'message');
    const { length } = input;
    const transform = await begin(signal, () =>
      this.#core.startDecryption(input, encryptionContext),
    );
    const header = describe(transform);
    const plaintext = await pieces.run(transform, input, length, into, signal);
    return { plaintext, header };
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  decryptSync(message, options) {
    const { encryptionContext, into } = callOptions(options, SYNC_OPTIONS);
    const input = args.bytes(message, 'message');
    const started = short.decrypt(this.#core, encryptionContext, input, into);
    return Buffer.isBuffer(started) ? started : pieces.runSync(readyNow(started), input, into);
  }

  /**
   * @param {unknown} value
   * @param {unknown} [options]
   */
  async encryptText(value, options) {
    const given = args.options(options, DATA_KEY_OPTIONS);
    return (await this.encrypt(text().textBytes(value), given)).toString('base64url');
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptText(message, options) {
    const given = args.options(options, DATA_KEY_OPTIONS);
    return text().textOf(await this.decrypt(text().messageBytes(message), given));
  }

  /**
   * @param {unknown} value
   * @param {unknown} [options]
   */
  async encryptJson(value, options) {
    const given = args.options(options, DATA_KEY_OPTIONS);
    return (await this.encrypt(text().jsonBytes(value), given)).toString('base64url');
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptJson(message, options) {
    const given = args.options(options, DATA_KEY_OPTIONS);
    return text().jsonOf(await this.decrypt(text().messageBytes(message), given));
  }

  /**
   * @param {unknown} items
   * @param {unknown} [options]
   */
  async encryptBatch(items, options) {
    const { encryptionContext, signal } = callOptions(options, DATA_KEY_OPTIONS);
    return batch().encryptBatch(this.#core, items, encryptionContext, signal);
  }

  /**
   * @param {unknown} messages
   * @param {unknown} [options]
   */
  async decryptBatch(messages, options) {
    const { encryptionContext, signal } = callOptions(options, DATA_KEY_OPTIONS);
    return batch().decryptBatch(this.#core, messages, encryptionContext, signal);
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
    const { encryptionContext, signal } = callOptions(options, DATA_KEY_OPTIONS);
    return ranges().openMessage(this.#core, source, encryptionContext, signal);
  }

  /**
   * @param {unknown} source
   * @param {unknown} [options]
   */
  async decryptRange(source, options) {
    const { encryptionContext, signal, given } = callOptions(options, RANGE_OPTIONS);
    const message = await ranges().openMessage(
      this.#core,
      source,
      encryptionContext,
      signal,
      signal,
    );
    try {
      const { start, end } = given;
      return await message.read({
        ...(start === undefined ? {} : { start }),
        ...(end === undefined ? {} : { end }),
      });
    } finally {
      await message.close();
    }
  }

  /**
   * @param {unknown} source
   * @param {unknown} [options]
   */
  async plaintextSize(source, options) {
    const message = await this.openMessage(source, options);
    await message.close();
    return message.size;
  }

  /**
   * @param {unknown} message
   * @param {unknown} to
   * @param {unknown} [options]
   */
  async reEncrypt(message, to, options) {
    const { encryptionContext, into, signal, given } = callOptions(options, RE_ENCRYPT_OPTIONS);
    const target = Envelope.#coreOf(to);
    const newContext = streams().newContextPairs(given);
    const input = args.bytes(message, 'message');
    const { length } = input;
    const { client } = this.#core;
    const transform = await begin(signal, () =>
      binding.startReEncryption(client, input, encryptionContext, target.client, newContext),
    );
    return pieces.run(transform, input, length, into, signal);
  }

  /**
   * @param {unknown} to
   * @param {unknown} [options]
   */
  reEncryptStream(to, options) {
    return streams().reEncryptStream(this.#core, Envelope.#coreOf(to), options);
  }

  /**
   * @param {unknown} [options]
   * @returns {Promise<any>}
   */
  async warm(options) {
    const { encryptionContext, signal, given } = callOptions(options, WARM_OPTIONS);
    if (given.messages === undefined) return this.#core.warm(encryptionContext, signal);
    return warm().warmForMessages(this.#core, given.messages, encryptionContext, signal);
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
   * The core of another envelope.
   *
   * @param {unknown} envelope
   * @param {string} [name] how the argument is called, for the error
   */
  static #coreOf(envelope, name = 'the envelope to re-encrypt to') {
    if (Object(envelope) === envelope && #core in /** @type {Envelope} */ (envelope)) {
      return /** @type {Envelope} */ (envelope).#core;
    }
    if (isOfCopy(envelope, 'Envelope')) throw copies(name);
    throw invalid(`${name} must be an Envelope, not ${kind(envelope)}`);
  }

  static {
    clientOf = (envelope) => Envelope.#coreOf(envelope, 'envelope').client;
  }
}

brand(Envelope);

/**
 * The options that most calls have, checked, and all that were given.
 *
 * @template {string} K
 * @param {unknown} options
 * @param {readonly K[]} known
 */
function callOptions(options, known) {
  /** @type {Record<string, unknown>} */
  const given = args.options(options, known);
  return {
    encryptionContext: args.contextPairs(given.encryptionContext),
    into: given.into === undefined ? undefined : args.byteArray(given.into, 'into'),
    signal: args.abortSignal(given.signal),
    given,
  };
}

module.exports = { Envelope, clientOf };
