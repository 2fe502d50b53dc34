'use strict';

const { isUint8Array } = require('node:util').types;

const binding = require('./native/load.js');
const args = require('./input/index.js');
const { abortable } = require('./calls/abort.js');
const { EnvelopeError, aborted, invalid } = require('./errors.js');

/** @typedef {import('../binding').Keyring} Keyring */
/** @typedef {Record<string, unknown>} Given */

/** The lengths of the data keys that KMS names (KMS API Reference, GenerateDataKey). */
const KEY_SPECS = new Map([
  ['AES_256', 32],
  ['AES_128', 16],
]);
/** The most that KMS encrypts (KMS API Reference, Encrypt). */
const MAX_DIRECT_LENGTH = 4096;

const { CONTEXT_AND_SIGNAL } = args;
const GENERATE_OPTIONS = /** @type {const} */ ([...CONTEXT_AND_SIGNAL, 'keySpec', 'numberOfBytes']);
const PAIR_OPTIONS = /** @type {const} */ ([...CONTEXT_AND_SIGNAL, 'keyPairSpec']);
const REWRAP_OPTIONS = /** @type {const} */ ([...CONTEXT_AND_SIGNAL, 'newEncryptionContext']);

/**
 * @param {Keyring} keyring
 * @param {unknown} options
 */
async function generateDataKey(keyring, options) {
  const { encryptionContext, signal, checkedOptions } = args.callOptions(options, GENERATE_OPTIONS);
  const length = dataKeyLength(checkedOptions);
  return unlessAborted(signal, (caller) =>
    binding.generateDataKey(keyring, length, encryptionContext, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {unknown} options
 */
async function generateDataKeyWithoutPlaintext(keyring, options) {
  const { encryptionContext, signal, checkedOptions } = args.callOptions(options, GENERATE_OPTIONS);
  const length = dataKeyLength(checkedOptions);
  return unlessAborted(signal, (caller) =>
    binding.generateDataKeyWithoutPlaintext(keyring, length, encryptionContext, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {unknown} ciphertextBlob
 * @param {unknown} options
 */
async function decryptDataKey(keyring, ciphertextBlob, options) {
  const { encryptionContext, signal } = args.callOptions(options, CONTEXT_AND_SIGNAL);
  const blob = args.bytes(ciphertextBlob, 'ciphertextBlob');
  return unlessAborted(signal, (caller) =>
    binding.decryptDataKey(keyring, blob, encryptionContext, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {unknown} data
 * @param {unknown} options
 */
async function encryptDirect(keyring, data, options) {
  const { encryptionContext, signal } = args.callOptions(options, CONTEXT_AND_SIGNAL);
  const plaintext = args.bytes(data, 'data');
  if (plaintext.length === 0 || plaintext.length > MAX_DIRECT_LENGTH) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_LIMIT_EXCEEDED',
      `encryptDirect takes 1 to ${MAX_DIRECT_LENGTH} bytes, not ${plaintext.length}; use encrypt`,
    );
  }
  return unlessAborted(signal, (caller) =>
    binding.wrapDataKey(keyring, plaintext, encryptionContext, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {unknown} ciphertextBlob
 * @param {Keyring} to
 * @param {unknown} options
 */
async function rewrapDataKey(keyring, ciphertextBlob, to, options) {
  const { encryptionContext, signal, checkedOptions } = args.callOptions(options, REWRAP_OPTIONS);
  const newContext = args.newContext(checkedOptions) ?? encryptionContext;
  const blob = args.bytes(ciphertextBlob, 'ciphertextBlob');
  return unlessAborted(signal, (caller) =>
    binding.rewrapDataKey(keyring, blob, encryptionContext, to, newContext, caller),
  );
}

/**
 * @param {Keyring} keyring
 * @param {boolean} withPlaintext whether the private key is wanted, too
 * @param {unknown} options
 */
async function generateDataKeyPair(keyring, withPlaintext, options) {
  const { encryptionContext, signal, checkedOptions } = args.callOptions(options, PAIR_OPTIONS);
  const keyPairSpec = args.optionalString(checkedOptions.keyPairSpec, 'keyPairSpec') ?? 'RSA_2048';
  const { privateKeyPlaintext, ...pair } = await unlessAborted(signal, (caller) =>
    binding.generateDataKeyPair(keyring, keyPairSpec, withPlaintext, encryptionContext, caller),
  );
  const described = { ...pair, keyPairSpec, ...(withPlaintext ? { privateKeyPlaintext } : {}) };
  return /** @type {import('../index').KeyPair} */ (described);
}

/**
 * Returns what a call of the addon resolves with. If the signal fired before the answer was there, wipes the
 * plaintext keys in it, and rejects.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {(caller?: import('./calls/caller.js').Caller) => Promise<T>} call
 * @returns {Promise<T>}
 */
async function unlessAborted(signal, call) {
  const answer = await abortable(signal, call);
  if (!signal?.aborted) return answer;
  const { plaintext, privateKeyPlaintext } = /** @type {Record<string, unknown>} */ (answer);
  for (const bytes of [answer, plaintext, privateKeyPlaintext]) {
    if (isUint8Array(bytes)) bytes.fill(0);
  }
  throw aborted(signal);
}

function dataKeyLength(/** @type {Given} */ { keySpec, numberOfBytes }) {
  if (numberOfBytes !== undefined) {
    if (keySpec !== undefined) throw invalid('give keySpec or numberOfBytes, not both');
    return args.integer(numberOfBytes, 'numberOfBytes', 1, 1024);
  }
  const length = KEY_SPECS.get(/** @type {string} */ (keySpec === undefined ? 'AES_256' : keySpec));
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
