'use strict';

const binding = require('../binding.js');
const args = require('./arguments.js');
const { abortable, throwIfAborted } = require('./abort.js');
const { invalid, native } = require('./errors.js');
const { keyringOf, nativeKeyring } = require('./keyrings.js');

/** @typedef {import('../binding').Header} Header */

const DEFAULT_FRAME_LENGTH = 64 * 1024;
const UINT32_MAX = 2 ** 32 - 1;
const UINT16_MAX = 2 ** 16 - 1;

const OPTIONS = /** @type {const} */ (['keyring', 'frameLength', 'maxEncryptedDataKeys']);

/** An envelope's key and settings, and the native halves of messages made with them. */
class Core {
  /** @param {unknown} key what the constructor of `Envelope` was given */
  constructor(key) {
    if (typeof key === 'string') key = { keyring: keyringOf(args.string(key, 'the key')) };
    if (key === undefined) throw invalid('give a key string, or an object with a keyring');
    const given = args.options(key, OPTIONS);
    const { frameLength = DEFAULT_FRAME_LENGTH, maxEncryptedDataKeys: max } = given;
    this.keyring = nativeKeyring(given.keyring);
    this.frameLength = args.integer(frameLength, 'frameLength', 1, UINT32_MAX);
    this.maxEncryptedDataKeys = args.optionalInteger(max, 'maxEncryptedDataKeys', 1, UINT16_MAX);
  }

  /**
   * Starts a message; at once, if nobody has to be asked.
   *
   * @param {string[]} context
   * @param {AbortSignal | undefined} signal
   */
  async encryptor(context, signal) {
    throwIfAborted(signal);
    if (!this.keyring.callsService) return this.encryptorNow(context);
    return abortable(signal, (cancellation) =>
      binding.createEncryptor(this.keyring, context, this.frameLength, cancellation),
    );
  }

  /** @param {string[]} context */
  encryptorNow(context) {
    return native(() => binding.Encryptor.create(this.keyring, context, this.frameLength));
  }

  /**
   * Unwraps a message's data key; at once, if nobody has to be asked.
   *
   * @param {Header} header
   * @param {AbortSignal | undefined} signal
   */
  async decryptor(header, signal) {
    throwIfAborted(signal);
    if (!this.keyring.callsService) return this.decryptorNow(header);
    return abortable(signal, (cancellation) =>
      binding.createDecryptor(this.keyring, header, cancellation),
    );
  }

  /** @param {Header} header */
  decryptorNow(header) {
    return native(() => binding.Decryptor.create(this.keyring, header));
  }

  /**
   * The header at the start of some bytes, checked; the caller releases it.
   *
   * @param {Uint8Array} message
   * @param {string[]} context
   */
  header(message, context) {
    return native(() => binding.Header.read(message, context, this.maxEncryptedDataKeys));
  }

  /**
   * A reader of a header that arrives in pieces.
   *
   * @param {string[]} context
   */
  headerReader(context) {
    return native(() => binding.HeaderReader.create(context, this.maxEncryptedDataKeys));
  }
}

module.exports = { Core };
