'use strict';

const binding = require('./load.js');
const args = require('../input/index.js');
const { abortable } = require('../calls/abort.js');
const { invalid, native } = require('../errors.js');
const { SIZE, putTexts, room } = require('../input/scratch.js');
const { nativeKeyring } = require('../keyrings/index.js');
const { warnOfUnlockedKeys } = require('./warning.js');

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

/** An envelope's key and settings, and the native halves of messages made with them. */
class Core {
  /** Whether data keys are renewed before their age. */
  #renews;
  #encryptShort;
  #decryptShort;

  /** @param {unknown} options with a keyring */
  constructor(options) {
    const checkedOptions = args.options(options, OPTIONS);
    this.keyring = nativeKeyring(checkedOptions.keyring);
    const checked = settings(checkedOptions);
    this.client = native(() => binding.Client.create(this.keyring, checked));
    this.#encryptShort = binding.shortEncrypter(this.client);
    this.#decryptShort = binding.shortDecrypter(this.client);
    this.#renews = checked.cache?.renewBeforeMs !== undefined;
    warnOfUnlockedKeys();
  }

  /**
   * Rejects if the keyring cannot be used.
   *
   * @param {AbortSignal | undefined} signal
   */
  async checkKeyring(signal) {
    await abortable(signal, (caller) => binding.checkKeyring(this.keyring, caller));
  }

  /**
   * Starts to write a message.
   *
   * @param {string[]} context
   * @param {number | undefined} plaintextLength
   */
  startEncryption(context, plaintextLength) {
    const started = native(() => binding.startEncryption(this.client, context, plaintextLength));
    this.renewIfAging(context);
    return started;
  }

  /**
   * Starts to read a message that lies in memory as a whole.
   *
   * @param {Uint8Array} message
   * @param {string[]} context
   */
  startDecryption(message, context) {
    return native(() => binding.startDecryption(this.client, message, context));
  }

  /**
   * Writes a short message in one call.
   *
   * @param {string[]} context whose texts are short
   * @param {Uint8Array} input
   * @param {Uint8Array} output
   * @returns its length; or, if `output` has no room or a service must be asked, what writes it
   */
  encryptShort(context, input, output) {
    const written = callShort(this.#encryptShort, context, input, output);
    this.renewIfAging(context);
    return written;
  }

  /**
   * Reads a short message in one call.
   *
   * @param {Uint8Array} message
   * @param {string[]} context whose texts are short
   * @param {Uint8Array} output with room for the message's own length
   * @returns the plaintext's length; or, if a service must be asked, what reads it
   */
  decryptShort(message, context, output) {
    return callShort(this.#decryptShort, context, message, output);
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
   * Renews the cached data key in the background, if it is near its maximum age; after a failure the next
   * call tries again.
   *
   * @param {string[]} context
   */
  renewIfAging(context) {
    if (!this.#renews || !native(() => this.client.claimRenewal(context))) return;
    abortable(undefined, (caller) => this.client.renew(context, caller)).catch(() => {});
  }

  /**
   * Returns a reader of a header that arrives in pieces.
   *
   * @param {string[]} context
   * @param {boolean} acceptsSigned whether plaintext may be released before a signature verifies
   */
  headerReader(context, acceptsSigned) {
    return native(() => binding.HeaderReader.create(this.client, context, acceptsSigned));
  }
}

/**
 * Calls the addon with the texts of a context in one array: of a list, Node-API takes three calls for each.
 *
 * @param {ReturnType<typeof binding.shortEncrypter>} call
 * @param {string[]} context whose texts are short
 * @param {Uint8Array} input
 * @param {Uint8Array} output
 */
function callShort(call, context, input, output) {
  const texts = room(SIZE);
  return native(() => call(input, output, texts, putTexts(texts, context)));
}

/**
 * Returns the options as the addon takes them; it checks what they mean.
 *
 * @param {Partial<Record<typeof OPTIONS[number], unknown>>} options
 * @returns {import('../../binding').NativeSettings}
 */
function settings(options) {
  const { maxEncryptedDataKeys, maxPlaintextLength } = options;
  const { MAX_SAFE_INTEGER } = Number;
  return {
    suiteId: suiteId(options.algorithmSuite),
    commitmentPolicy: args.optionalString(options.commitmentPolicy, 'commitmentPolicy'),
    frameLength: args.optionalInteger(options.frameLength, 'frameLength', 1, UINT32_MAX),
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
    unwrapTimeoutMs: args.optionalInteger(
      options.unwrapTimeoutMs,
      'unwrapTimeoutMs',
      1,
      UINT32_MAX,
    ),
    requiredContextKeys:
      args.optionalStrings(options.requiredContextKeys, 'requiredContextKeys') ?? [],
    allowedKeys: args.optionalStrings(options.allowedKeys, 'allowedKeys'),
    cache: options.cache === undefined ? undefined : cacheLimits(options.cache),
  };
}

/**
 * @param {unknown} cache
 * @returns {import('../../binding').NativeCacheLimits}
 */
function cacheLimits(cache) {
  const checkedLimits = args.options(cache, CACHE_OPTIONS, 'cache');
  const {
    maxAgeMs = 300_000,
    maxMessages = 100_000,
    maxBytes = 2 ** 40,
    maxEntries = 1000,
  } = checkedLimits;
  const { MAX_SAFE_INTEGER: max } = Number;
  return {
    maxAgeMs: args.integer(maxAgeMs, 'maxAgeMs', 1, max),
    maxMessages: args.integer(maxMessages, 'maxMessages', 1, max),
    maxBytes: args.integer(maxBytes, 'maxBytes', 1, max),
    maxEntries: args.integer(maxEntries, 'maxEntries', 1, UINT32_MAX),
    renewBeforeMs: args.optionalInteger(checkedLimits.renewBeforeMs, 'renewBeforeMs', 1, max),
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
