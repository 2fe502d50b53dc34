'use strict';

const binding = require('./native/load.js');
const args = require('./input/index.js');
const { abortable } = require('./calls/abort.js');
const { EnvelopeError, invalid } = require('./errors.js');

/** @typedef {import('../binding').Keyring} Keyring */
/** @typedef {Record<string, unknown>} Given */

/** The lengths of the data keys that KMS names (KMS API Reference, GenerateDataKey). */
const KEY_SPECS = new Map([
  ['AES_256', 32],
  ['AES_128', 16],
]);
/** The most that KMS encrypts (KMS API Reference, Encrypt). */
const MAX_DIRECT_LENGTH = 4096;

const OPTIONS = /** @type {const} */ (['encryptionContext', 'signal']);
const GENERATE_OPTIONS = /** @type {const} */ ([...OPTIONS, 'keySpec', 'numberOfBytes']);
const PAIR_OPTIONS = /** @type {const} */ ([...OPTIONS, 'keyPairSpec']);
const REWRAP_OPTIONS = /** @type {const} */ ([...OPTIONS, 'newEncryptionContext']);

/**
 * @param {Keyring} keyring
 * @param {unknown} options
 */
async function generateDataKey(keyring, options) {
  const { context, signal, given } = read(options, GENERATE_OPTIONS);
  const length = dataKeyLength(given);
  return abortable(signal, (caller) => binding.generateDataKey(keyring, length, context, caller));
}

/**
 * @param {Keyring} keyring
 * @param {unknown} options
 */
async function generateDataKeyWithoutPlaintext(keyring, options) {
  const { context, signal, given } = read(options, GENERATE_OPTIONS);
  const length = dataKeyLength(given);
  return abortable(signal, (caller) =>
    binding.generateDataKeyWithoutPlaintext(keyring, length, context, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {unknown} ciphertextBlob
 * @param {unknown} options
 */
async function decryptDataKey(keyring, ciphertextBlob, options) {
  const { context, signal } = read(options, OPTIONS);
  const blob = args.bytes(ciphertextBlob, 'ciphertextBlob');
  return abortable(signal, (caller) => binding.decryptDataKey(keyring, blob, context, caller));
}

/**
 * @param {Keyring} keyring
 * @param {unknown} data
 * @param {unknown} options
 */
async function encryptDirect(keyring, data, options) {
  const { context, signal } = read(options, OPTIONS);
  const plaintext = args.bytes(data, 'data');
  if (plaintext.length === 0 || plaintext.length > MAX_DIRECT_LENGTH) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_LIMIT_EXCEEDED',
      `encryptDirect takes 1 to ${MAX_DIRECT_LENGTH} bytes, not ${plaintext.length}; use encrypt`,
    );
  }
  return abortable(signal, (caller) => binding.wrapDataKey(keyring, plaintext, context, caller));
}

/**
 * @param {Keyring} keyring
 * @param {unknown} ciphertextBlob
 * @param {Keyring} to
 * @param {unknown} options
 */
async function rewrapDataKey(keyring, ciphertextBlob, to, options) {
  const { context, signal, given } = read(options, REWRAP_OPTIONS);
  const newContext =
    given.newEncryptionContext === undefined
      ? context
      : args.contextPairs(given.newEncryptionContext, 'newEncryptionContext');
  const blob = args.bytes(ciphertextBlob, 'ciphertextBlob');
  return abortable(signal, (caller) =>
    binding.rewrapDataKey(keyring, blob, context, to, newContext, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {boolean} withPlaintext whether the private key is wanted, too
 * @param {unknown} options
 */
async function generateDataKeyPair(keyring, withPlaintext, options) {
  const { context, signal, given } = read(options, PAIR_OPTIONS);
  const keyPairSpec = args.optionalString(given.keyPairSpec, 'keyPairSpec') ?? 'RSA_2048';
  const { privateKeyPlaintext, ...pair } = await abortable(signal, (caller) =>
    binding.generateDataKeyPair(keyring, keyPairSpec, withPlaintext, context, caller),
  );
  const described = { ...pair, keyPairSpec, ...(withPlaintext ? { privateKeyPlaintext } : {}) };
  return /** @type {import('../index').KeyPair} */ (described);
}

/**
 * @template {string} K
 * @param {unknown} options
 * @param {readonly K[]} known
 */
function read(options, known) {
  /** @type {Given} */
  const given = args.options(options, known);
  const context = args.contextPairs(given.encryptionContext);
  return { context, signal: args.abortSignal(given.signal), given };
}

function dataKeyLength(/** @type {Given} */ { keySpec, numberOfBytes }) {
  if (numberOfBytes !== undefined) {
    if (keySpec !== undefined) throw invalid('give keySpec or numberOfBytes, not both');
    return args.integer(numberOfBytes, 'numberOfBytes', 1, 1024);
  }
  const length = KEY_SPECS.get(/** @type {string} */ (keySpec ?? 'AES_256'));
  if (length === undefined) throw invalid('keySpec must be "AES_256" or "AES_128"');
  return length;
}

module.exports = {
  decryptDataKey,
  encryptDirect,
  generateDataKey,
  generateDataKeyPair,
  generateDataKeyWithoutPlaintext,
  rewrapDataKey,
};
