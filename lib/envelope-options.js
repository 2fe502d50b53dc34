'use strict';

const args = require('./input/index.js');
const { invalid } = require('./errors.js');
const { kind } = require('./input/kind.js');
const { keyringOf } = require('./keyrings/index.js');

/** Options of the keyring that are given to an `Envelope` by mistake. */
const OF_KEYRING = [
  'region',
  'endpoint',
  'profile',
  'credentials',
  'grantTokens',
  'additionalKeyIds',
  'timeoutMs',
];

/**
 * Returns the options of an envelope, with a keyring, from all that `new Envelope` takes: a key string
 * and options; or options with a `keyId` or a `keyring`.
 *
 * @param {unknown} key
 * @param {unknown} options
 * @returns {Record<string, unknown>}
 */
function envelopeOptions(key, options) {
  if (typeof key === 'string') return named(args.nameString(key, 'the key'), options);
  if (key === undefined) {
    throw invalid('give a key string, or an object with a keyId or a keyring');
  }
  if (options !== undefined) {
    throw invalid('give all options in the first argument, or a key string and then the options');
  }
  const { taken: keyId, rest } = args.take(key, 'keyId', 'keyring');
  if (keyId === undefined) return checked(rest);
  return named(args.nameString(keyId, 'keyId'), rest);
}

/**
 * @param {string} key
 * @param {unknown} options
 */
function named(key, options) {
  const { taken: keyring, rest } = args.take(options, 'keyring', 'cache');
  if (keyring !== undefined) {
    throw invalid('a key and a keyring exclude each other; leave one of them out');
  }
  if (Object.hasOwn(rest, 'keyId')) {
    throw invalid(`the key is named already; leave out keyId, which is ${kind(rest.keyId)}`);
  }
  const { taken: credentials, rest: settings } = args.take(rest, 'credentials');
  return { ...checked(settings), keyring: keyringOf(key, credentials) };
}

/** @param {Record<string, unknown>} options */
function checked(options) {
  const misplaced = OF_KEYRING.find((name) => Object.hasOwn(options, name));
  if (misplaced === undefined) return options;
  throw invalid(
    `${misplaced} is an option of the keyring: new Envelope({ keyring: new AwsKmsKeyring({ keyId, ` +
      `${misplaced} }) })`,
  );
}

module.exports = { envelopeOptions };
