'use strict';

const binding = require('../binding.js');
const args = require('./arguments.js');
const { abortable, throwIfAborted } = require('./abort.js');
const { invalid, native } = require('./errors.js');
const { keyringOf, nativeKeyring } = require('./keyrings.js');
const { warnOfUnlockedKeys } = require('./warning.js');

/** @typedef {import('../binding').Header} Header */

const UINT32_MAX = 2 ** 32 - 1;
const UINT16_MAX = 2 ** 16 - 1;

const OPTIONS = /** @type {const} */ ([
  'keyring',
  'algorithmSuite',
  'commitmentPolicy',
  'frameLength',
  'maxEncryptedDataKeys',
  'maxPlaintextLength',
  'requiredContextKeys',
  'allowedKeys',
  'cache',
]);

const CACHE_OPTIONS = /** @type {const} */ ([
  'maxAgeMs',
  'maxMessages',
  'maxBytes',
  'maxEntries',
  'renewBeforeMs',
]);

/** An envelope's key and settings, and the native halves of messages made with them. */
class Core {
  #caches;
  #renews;

  /** @param {unknown} key what the constructor of `Envelope` was given */
  constructor(key) {
    if (typeof key === 'string') key = { keyring: keyringOf(args.string(key, 'the key')) };
    if (key === undefined) throw invalid('give a key string, or an object with a keyring');
    const given = args.options(key, OPTIONS);
    this.keyring = nativeKeyring(given.keyring);
    this.client = native(() => binding.Client.create(this.keyring, settings(given)));
    this.#caches = given.cache !== undefined;
    this.#renews = Object(given.cache).renewBeforeMs !== undefined;
    warnOfUnlockedKeys();
  }

  /**
   * Starts a message; at once, if nobody has to be asked.
   *
   * @param {string[]} context
   * @param {number | undefined} plaintextLength
   * @param {AbortSignal | undefined} signal
   */
  async encryptor(context, plaintextLength, signal) {
    throwIfAborted(signal);
    if (!this.keyring.callsService) return this.encryptorNow(context, plaintextLength);
    const cached = this.#cachedEncryptor(context, plaintextLength);
    if (cached) return cached;
    return abortable(signal, (caller) =>
      binding.createEncryptor(this.client, context, plaintextLength, caller),
    );
  }

  /**
   * @param {string[]} context
   * @param {number | undefined} plaintextLength
   */
  encryptorNow(context, plaintextLength) {
    const cached = this.#cachedEncryptor(context, plaintextLength);
    if (cached) return cached;
    return native(() => binding.Encryptor.create(this.client, context, plaintextLength));
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
    const cached = this.#cachedDecryptor(header);
    if (cached) return cached;
    return abortable(signal, (caller) => binding.createDecryptor(this.client, header, caller));
  }

  /** @param {Header} header */
  decryptorNow(header) {
    const cached = this.#cachedDecryptor(header);
    if (cached) return cached;
    return native(() => binding.Decryptor.create(this.client, header));
  }

  /**
   * The header at the start of a message, checked; the caller releases it.
   *
   * @param {Uint8Array} message
   * @param {string[]} context
   */
  header(message, context) {
    return native(() => binding.Header.read(this.client, message, context));
  }

  /**
   * Asks the keyring for a data key, for messages with this context that come later.
   *
   * @param {string[]} context
   * @param {AbortSignal | undefined} signal
   */
  warm(context, signal) {
    return abortable(signal, (caller) => this.client.warm(context, caller));
  }

  /**
   * @param {string[]} context
   * @param {number | undefined} plaintextLength
   */
  #cachedEncryptor(context, plaintextLength) {
    if (!this.#caches) return null;
    const cached = native(() => binding.cachedEncryptor(this.client, context, plaintextLength));
    if (cached) this.renewIfAging(context);
    return cached;
  }

  /**
   * Renews a data key that was used near its age; if that fails, the next one who uses it tries.
   *
   * @param {string[]} context
   */
  renewIfAging(context) {
    if (!this.#renews || !native(() => this.client.claimRenewal(context))) return;
    abortable(undefined, (caller) => this.client.renew(context, caller)).catch(() => {});
  }

  /** @param {Header} header */
  #cachedDecryptor(header) {
    if (!this.#caches) return null;
    return native(() => binding.cachedDecryptor(this.client, header));
  }

  /**
   * A reader of a header that arrives in pieces.
   *
   * @param {string[]} context
   * @param {boolean} acceptsSigned whether plaintext may be released before a signature verifies
   */
  headerReader(context, acceptsSigned) {
    return native(() => binding.HeaderReader.create(this.client, context, acceptsSigned));
  }
}

/**
 * The options as the addon takes them; it checks what they mean.
 *
 * @param {Partial<Record<typeof OPTIONS[number], unknown>>} given
 * @returns {import('../binding').NativeSettings}
 */
function settings(given) {
  const { maxEncryptedDataKeys, maxPlaintextLength } = given;
  const { MAX_SAFE_INTEGER } = Number;
  return {
    suiteId: suiteId(given.algorithmSuite),
    commitmentPolicy: args.optionalString(given.commitmentPolicy, 'commitmentPolicy'),
    frameLength: args.optionalInteger(given.frameLength, 'frameLength', 1, UINT32_MAX),
    maxEncryptedDataKeys: args.optionalInteger(
      maxEncryptedDataKeys,
      'maxEncryptedDataKeys',
      1,
      UINT16_MAX,
    ),
    maxPlaintextLength: args.optionalInteger(
      maxPlaintextLength,
      'maxPlaintextLength',
      0,
      MAX_SAFE_INTEGER,
    ),
    requiredContextKeys:
      args.optionalStrings(given.requiredContextKeys, 'requiredContextKeys') ?? [],
    allowedKeys: args.optionalStrings(given.allowedKeys, 'allowedKeys'),
    cache: given.cache === undefined ? undefined : cacheLimits(given.cache),
  };
}

/**
 * @param {unknown} cache
 * @returns {import('../binding').NativeCacheLimits}
 */
function cacheLimits(cache) {
  const given = args.options(cache, CACHE_OPTIONS);
  const {
    maxAgeMs = 300_000,
    maxMessages = 100_000,
    maxBytes = 2 ** 40,
    maxEntries = 1000,
  } = given;
  const { MAX_SAFE_INTEGER: max } = Number;
  return {
    maxAgeMs: args.integer(maxAgeMs, 'maxAgeMs', 1, max),
    maxMessages: args.integer(maxMessages, 'maxMessages', 1, max),
    maxBytes: args.integer(maxBytes, 'maxBytes', 1, max),
    maxEntries: args.integer(maxEntries, 'maxEntries', 1, UINT32_MAX),
    renewBeforeMs: args.optionalInteger(given.renewBeforeMs, 'renewBeforeMs', 1, max),
  };
}

/** @param {unknown} suite an id or a name of the specification's */
function suiteId(suite) {
  if (suite === undefined) return undefined;
  const found = binding.algorithmSuites().find(({ id, name }) => suite === id || suite === name);
  if (found) return found.id;
  throw invalid('algorithmSuite must be the name or the id of an algorithm suite');
}

module.exports = { Core };
