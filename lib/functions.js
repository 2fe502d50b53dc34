'use strict';

const args = require('./input/index.js');
const { Envelope } = require('./envelope.js');
const { invalid } = require('./errors.js');
const { lazy } = require('./lazy.js');

const header = lazy(() => require('./header.js'));

/** @type {Map<string, InstanceType<typeof Envelope>>} one for each key, so that they share its connections */
const envelopes = new Map();

/**
 * @param {unknown} data
 * @param {unknown} [options]
 */
async function encrypt(data, options) {
  const [envelope, rest] = choose(options);
  return envelope.encrypt(data, rest);
}

/**
 * @param {unknown} message
 * @param {unknown} [options]
 */
async function decrypt(message, options) {
  const [envelope, rest] = choose(options);
  return envelope.decrypt(message, rest);
}

/**
 * @param {unknown} text
 * @param {unknown} [options]
 */
async function encryptText(text, options) {
  const [envelope, rest] = choose(options);
  return envelope.encryptText(text, rest);
}

/**
 * @param {unknown} message
 * @param {unknown} [options]
 */
async function decryptText(message, options) {
  const [envelope, rest] = choose(options);
  return envelope.decryptText(message, rest);
}

/**
 * @param {unknown} value
 * @param {unknown} [options]
 */
async function encryptJson(value, options) {
  const [envelope, rest] = choose(options);
  return envelope.encryptJson(value, rest);
}

/**
 * @param {unknown} message
 * @param {unknown} [options]
 */
async function decryptJson(message, options) {
  const [envelope, rest] = choose(options);
  return envelope.decryptJson(message, rest);
}

/** @param {unknown} [options] */
function encryptStream(options) {
  const [envelope, rest] = choose(options);
  return envelope.encryptStream(rest);
}

/** @param {unknown} [options] */
function decryptStream(options) {
  const [envelope, rest] = choose(options);
  return envelope.decryptStream(rest);
}

/** @param {unknown} [options] */
async function generateDataKey(options) {
  const [envelope, rest] = choose(options);
  return envelope.generateDataKey(rest);
}

/**
 * @param {unknown} ciphertextBlob
 * @param {unknown} [options]
 */
async function decryptDataKey(ciphertextBlob, options) {
  const [envelope, rest] = choose(options);
  return envelope.decryptDataKey(ciphertextBlob, rest);
}

/** @param {unknown} message */
function inspect(message) {
  return header().inspect(message);
}

/**
 * Returns the envelope of the options' `keyId`, and the options without it.
 *
 * @param {unknown} options
 * @returns {[InstanceType<typeof Envelope>, unknown]}
 */
function choose(options) {
  const { taken, rest } = args.take(options, 'keyId');
  const named = taken ?? process.env.ENCRYPTION_KEY_ID;
  if (taken === null || named === undefined || named === '') {
    throw invalid(
      'no key is named; set the environment variable ENCRYPTION_KEY_ID, or give the option keyId',
    );
  }
  const keyId = args.nameString(named, taken === undefined ? 'ENCRYPTION_KEY_ID' : 'keyId');
  const known = envelopes.get(keyId);
  if (known) return [known, rest];
  const envelope = new Envelope(keyId);
  envelopes.set(keyId, envelope);
  return [envelope, rest];
}

module.exports = {
  decrypt,
  decryptDataKey,
  decryptJson,
  decryptStream,
  decryptText,
  encrypt,
  encryptJson,
  encryptStream,
  encryptText,
  generateDataKey,
  inspect,
};
