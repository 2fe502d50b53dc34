'use strict';

const binding = require('./load.js');
const args = require('../input/index.js');
const { abortable, throwIfAborted } = require('../calls/abort.js');
const { EnvelopeError, invalid, native } = require('../errors.js');
const { keyringOf, nativeKeyring } = require('../keyrings/index.js');
const { warnOfUnlockedKeys } = require('./warning.js');

/** @typedef {import('../../binding').Header} Header */

const UINT32_MAX = 2 ** 32 - 1;
const UINT16_MAX = 2 ** 16 - 1;

const OPTIONS = /** @type {const} */ ([
  'keyring',
  'algorithmSuite',
  'commitmentPolicy',
  'frameLength',
  'maxEncryptedDataKeys',
  'maxPlaintextLength',
  'unwrapTimeoutMs',
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

const CALLS_SERVICE = 'this keyring asks a key service, which a synchronous call cannot wait for';
const MANY_KEYS =
  'none of the first data keys of the message unwrapped, and trying the others takes long';

/** An envelope's key and settings, and the native halves of messages made with them. */
class Core {
  /** Whether there can be a data key without asking anybody. */
  #answersNow;
  #renews;

  /** @param {unknown} key what the constructor of `Envelope` was given */
  constructor(key) {
    if (typeof key === 'string') key = { keyring: keyringOf(args.nameString(key, 'the key')) };
    if (key === undefined) throw invalid('give a key string, or an object with a keyring');
    const given = args.options(key, OPTIONS);
    this.keyring = nativeKeyring(given.keyring);
    const checked = settings(given);
    this.client = native(() => binding.Client.create(this.keyring, checked));
    this.#answersNow = checked.cache !== undefined || !this.keyring.callsService;
    this.#renews = checked.cache?.renewBeforeMs !== undefined;
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
    const now = this.#encryptorNow(context, plaintextLength);
    if (now) return now;
    return abortable(signal, (caller) =>
      binding.createEncryptor(this.client, context, plaintextLength, caller),
    );
  }

  /**
   * @param {string[]} context
   * @param {number | undefined} plaintextLength
   */
  encryptorNow(context, plaintextLength) {
    return atOnce(this.#encryptorNow(context, plaintextLength), CALLS_SERVICE);
  }

  /**
   * Writes a short message as a whole, if nobody has to be asked.
   *
   * @param {string[]} context
   * @param {Uint8Array} input
   * @param {Uint8Array} output
   * @returns {number | import('../../binding').Encryptor | null} its length; or, without room for it,
   *   what writes it
   */
  sealNow(context, input, output) {
    if (!this.#answersNow) return null;
    const sealed = native(() => binding.sealNow(this.client, context, input, output));
    if (this.#renews && sealed !== null) this.renewIfAging(context);
    return sealed;
  }

  /**
   * Unwraps a message's data key; at once, if nobody has to be asked.
   *
   * @param {Header} header
   * @param {AbortSignal | undefined} signal
   */
  async decryptor(header, signal) {
    throwIfAborted(signal);
    const now = this.#decryptorNow(header);
    if (now) return now;
    return abortable(signal, (caller) => binding.createDecryptor(this.client, header, caller));
  }

  /** @param {Header} header */
  decryptorNow(header) {
    const callsService = this.keyring.callsService;
    return atOnce(this.#decryptorNow(header), callsService ? CALLS_SERVICE : MANY_KEYS);
  }

  /**
   * What reads ranges of a message, once it is given the final frame; at once, if nobody has to be
   * asked.
   *
   * @param {Header} header
   * @param {number} messageLength
   * @param {AbortSignal | undefined} signal
   */
  async rangeReader(header, messageLength, signal) {
    throwIfAborted(signal);
    const { client } = this;
    const now =
      this.#answersNow && native(() => binding.rangeReaderNow(client, header, messageLength));
    if (now) return now;
    return abortable(signal, (caller) =>
      binding.createRangeReader(client, header, messageLength, caller),
    );
  }

  /**
   * Reads a short message as a whole, if nobody has to be asked; returns the plaintext's length.
   *
   * @param {Uint8Array} message
   * @param {string[]} context
   * @param {Uint8Array} output with room for the message's own length
   */
  openNow(message, context, output) {
    if (!this.#answersNow) return null;
    return native(() => binding.openNow(this.client, message, context, output));
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
  #encryptorNow(context, plaintextLength) {
    if (!this.#answersNow) return null;
    const encryptor = native(() => binding.encryptorNow(this.client, context, plaintextLength));
    if (this.#renews && encryptor) this.renewIfAging(context);
    return encryptor;
  }

  /** @param {Header} header */
  #decryptorNow(header) {
    if (!this.#answersNow) return null;
    return native(() => binding.decryptorNow(this.client, header));
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
 * What a synchronous call must have.
 *
 * @template T
 * @param {T | null} given
 * @param {string} why it is not there
 * @returns {T}
 */
function atOnce(given, why) {
  if (given) return given;
  throw new EnvelopeError('ERR_ENVELOPE_WOULD_BLOCK', `${why}; use the asynchronous call`);
}

/**
 * The options as the addon takes them; it checks what they mean.
 *
 * @param {Partial<Record<typeof OPTIONS[number], unknown>>} given
 * @returns {import('../../binding').NativeSettings}
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
    unwrapTimeoutMs: args.optionalInteger(given.unwrapTimeoutMs, 'unwrapTimeoutMs', 1, UINT32_MAX),
    requiredContextKeys:
      args.optionalStrings(given.requiredContextKeys, 'requiredContextKeys') ?? [],
    allowedKeys: args.optionalStrings(given.allowedKeys, 'allowedKeys'),
    cache: given.cache === undefined ? undefined : cacheLimits(given.cache),
  };
}

/**
 * @param {unknown} cache
 * @returns {import('../../binding').NativeCacheLimits}
 */
function cacheLimits(cache) {
  const given = args.options(cache, CACHE_OPTIONS, 'cache');
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
