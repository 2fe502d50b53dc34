'use strict';

const binding = require('../binding.js');
const args = require('./arguments.js');
const { abortable, throwIfAborted } = require('./abort.js');
const { invalid, native } = require('./errors.js');
const { describe } = require('./header.js');
const { keyringOf, nativeKeyring } = require('./keyrings.js');
const pieces = require('./pieces.js');

const DEFAULT_FRAME_LENGTH = 64 * 1024;
const UINT32_MAX = 2 ** 32 - 1;
const UINT16_MAX = 2 ** 16 - 1;

/** The lengths of the data keys that KMS names (KMS API Reference, GenerateDataKey). */
const KEY_SPECS = new Map([
  ['AES_256', 32],
  ['AES_128', 16],
]);

const ENVELOPE_OPTIONS = /** @type {const} */ (['keyring', 'frameLength', 'maxEncryptedDataKeys']);
const CALL_OPTIONS = /** @type {const} */ (['encryptionContext', 'into', 'signal']);
const SYNC_OPTIONS = /** @type {const} */ (['encryptionContext', 'into']);
const DATA_KEY_OPTIONS = /** @type {const} */ (['encryptionContext', 'signal']);
const GENERATE_OPTIONS = /** @type {const} */ ([...DATA_KEY_OPTIONS, 'keySpec', 'numberOfBytes']);

/** Encrypts and decrypts under one key. */
class Envelope {
  #keyring;
  #frameLength;
  #maxEncryptedDataKeys;

  /** @param {unknown} key a key string, or options with a keyring */
  constructor(key) {
    if (typeof key === 'string') key = { keyring: keyringOf(args.string(key, 'the key')) };
    if (key === undefined) throw invalid('give a key string, or an object with a keyring');
    const given = args.options(key, ENVELOPE_OPTIONS);
    const { frameLength = DEFAULT_FRAME_LENGTH, maxEncryptedDataKeys } = given;
    this.#keyring = nativeKeyring(given.keyring);
    this.#frameLength = args.integer(frameLength, 'frameLength', 1, UINT32_MAX);
    this.#maxEncryptedDataKeys = args.optionalInteger(
      maxEncryptedDataKeys,
      'maxEncryptedDataKeys',
      1,
      UINT16_MAX,
    );
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  async encrypt(data, options) {
    const input = args.bytes(data, 'data');
    const { encryptionContext, into, signal } = callOptions(options, CALL_OPTIONS);
    if (!this.#keyring.callsService) {
      throwIfAborted(signal);
      return pieces.seal(this.#encryptor(encryptionContext), input, into, signal);
    }
    const encryptor = await abortable(signal, (cancellation) =>
      binding.createEncryptor(this.#keyring, encryptionContext, this.#frameLength, cancellation),
    );
    return pieces.seal(encryptor, input, into, signal);
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  encryptSync(data, options) {
    const input = args.bytes(data, 'data');
    const { encryptionContext, into } = callOptions(options, SYNC_OPTIONS);
    return pieces.sealSync(this.#encryptor(encryptionContext), input, into);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decrypt(message, options) {
    const { plaintext } = await this.#decrypt(message, options, () => undefined);
    return plaintext;
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  async decryptMessage(message, options) {
    return this.#decrypt(message, options, describe);
  }

  /**
   * @param {unknown} message
   * @param {unknown} [options]
   */
  decryptSync(message, options) {
    const input = args.bytes(message, 'message');
    const { encryptionContext, into } = callOptions(options, SYNC_OPTIONS);
    const header = this.#readHeader(input, encryptionContext);
    try {
      return pieces.openSync(this.#decryptor(header), header, input, into);
    } finally {
      header.release();
    }
  }

  /** @param {unknown} [options] */
  async generateDataKey(options) {
    const { encryptionContext, signal, given } = callOptions(options, GENERATE_OPTIONS);
    const length = dataKeyLength(given);
    return abortable(signal, (cancellation) =>
      binding.generateDataKey(this.#keyring, length, encryptionContext, cancellation),
    );
  }

  /**
   * @param {unknown} ciphertextBlob
   * @param {unknown} [options]
   */
  async decryptDataKey(ciphertextBlob, options) {
    const blob = args.bytes(ciphertextBlob, 'ciphertextBlob');
    const { encryptionContext, signal } = callOptions(options, DATA_KEY_OPTIONS);
    return abortable(signal, (cancellation) =>
      binding.decryptDataKey(this.#keyring, blob, encryptionContext, cancellation),
    );
  }

  /**
   * @template T
   * @param {unknown} message
   * @param {unknown} options
   * @param {(header: import('../binding').Header) => T} describeHeader
   */
  async #decrypt(message, options, describeHeader) {
    const input = args.bytes(message, 'message');
    const { encryptionContext, into, signal } = callOptions(options, CALL_OPTIONS);
    throwIfAborted(signal);
    const header = this.#readHeader(input, encryptionContext);
    try {
      const decryptor = this.#keyring.callsService
        ? await abortable(signal, (cancellation) =>
            binding.createDecryptor(this.#keyring, header, cancellation),
          )
        : this.#decryptor(header);
      const plaintext = await pieces.open(decryptor, header, input, into, signal);
      return { plaintext, header: describeHeader(header) };
    } finally {
      header.release();
    }
  }

  /** @param {string[]} context */
  #encryptor(context) {
    return native(() => binding.Encryptor.create(this.#keyring, context, this.#frameLength));
  }

  /** @param {import('../binding').Header} header */
  #decryptor(header) {
    return native(() => binding.Decryptor.create(this.#keyring, header));
  }

  /**
   * @param {Uint8Array} message
   * @param {string[]} context
   */
  #readHeader(message, context) {
    return native(() => binding.Header.read(message, context, this.#maxEncryptedDataKeys));
  }
}

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
    into: given.into,
    signal: args.abortSignal(given.signal),
    given,
  };
}

/** @param {Record<string, unknown>} given */
function dataKeyLength({ keySpec, numberOfBytes }) {
  if (numberOfBytes !== undefined) {
    if (keySpec !== undefined) throw invalid('give keySpec or numberOfBytes, not both');
    return args.integer(numberOfBytes, 'numberOfBytes', 1, 1024);
  }
  const length = KEY_SPECS.get(/** @type {string} */ (keySpec ?? 'AES_256'));
  if (length === undefined) throw invalid('keySpec must be "AES_256" or "AES_128"');
  return length;
}

module.exports = { Envelope };
