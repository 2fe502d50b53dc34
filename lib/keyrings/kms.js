'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { invalid } = require('../errors.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');

/** How KMS is reached. */
const ACCESS_OPTIONS = /** @type {const} */ ([
  'region',
  'endpoint',
  'profile',
  'credentials',
  'grantTokens',
  'maxAttempts',
  'attemptTimeoutMs',
  'connectTimeoutMs',
  'credentialsTimeoutMs',
]);
const OPTIONS = /** @type {const} */ ([
  'keyId',
  'additionalKeyIds',
  'discovery',
  'multiRegion',
  ...ACCESS_OPTIONS,
  ...GUARD_OPTIONS,
]);
const HOUR = 3_600_000;
const FILTER = /** @type {const} */ (['partition', 'accountIds']);

/** @typedef {{ [name in typeof OPTIONS[number]]?: unknown }} Given */

/**
 * The native keyring of an `AwsKmsKeyring`'s options.
 *
 * @param {unknown} options
 */
function kmsKeyring(options) {
  const given = args.options(options, OPTIONS);
  return given.discovery === undefined ? strict(given) : discovery(given);
}

function strict(/** @type {Given} */ given) {
  if (given.keyId === undefined) {
    throw invalid('give a keyId, or discovery to decrypt under whichever KMS key a message names');
  }
  const keyId = args.nameString(given.keyId, 'keyId');
  const additional =
    args.optionalStrings(given.additionalKeyIds, 'additionalKeyIds', args.nameString) ?? [];
  return binding.Keyring.awsKms(
    keyId,
    additional,
    accessOptions(given),
    guardOptions(given),
    credentialsOf(given),
  );
}

function discovery(/** @type {Given} */ given) {
  for (const name of /** @type {const} */ (['keyId', 'additionalKeyIds'])) {
    if (given[name] === undefined) continue;
    throw invalid(
      `${name} and discovery exclude each other: discovery decrypts under whichever KMS key a ` +
        'message names, and encrypts nothing; leave one of them out',
    );
  }
  return binding.Keyring.awsKmsDiscovery(
    filter(given.discovery),
    accessOptions(given),
    guardOptions(given),
    credentialsOf(given),
  );
}

function filter(/** @type {unknown} */ value) {
  if (value === true) return undefined;
  if (value === null || typeof value !== 'object') {
    throw invalid('discovery must be true, or an object with partition and accountIds');
  }
  const given = args.options(value, FILTER, 'discovery');
  const accountIds = args.optionalStrings(given.accountIds, 'discovery.accountIds') ?? [];
  return { partition: args.string(given.partition, 'discovery.partition'), accountIds };
}

/**
 * @param {{ [name in typeof ACCESS_OPTIONS[number] | 'multiRegion']?: unknown }} given
 */
function accessOptions(given) {
  return {
    environment: environment(process.env),
    region: args.optionalString(given.region, 'region'),
    multiRegion: args.optionalBoolean(given.multiRegion, 'multiRegion'),
    endpoint: args.optionalString(given.endpoint, 'endpoint'),
    profile: args.optionalString(given.profile, 'profile'),
    grantTokens: args.optionalStrings(given.grantTokens, 'grantTokens', args.nameString),
    maxAttempts: args.optionalInteger(given.maxAttempts, 'maxAttempts', 1, 100),
    attemptTimeoutMs: args.optionalInteger(given.attemptTimeoutMs, 'attemptTimeoutMs', 1, HOUR),
    credentialsTimeoutMs: args.optionalInteger(
      given.credentialsTimeoutMs,
      'credentialsTimeoutMs',
      1,
      HOUR,
    ),
    connectTimeoutMs: args.optionalInteger(given.connectTimeoutMs, 'connectTimeoutMs', 1, HOUR),
  };
}

/**
 * Returns the credentials that are given, natively, if there are any.
 *
 * @param {{ credentials?: unknown, profile?: unknown }} given
 */
function credentialsOf({ credentials, profile }) {
  if (credentials === undefined) return undefined;
  if (profile !== undefined) {
    throw invalid(
      'profile and credentials exclude each other: both say where credentials come from; leave one ' +
        'of them out',
    );
  }
  // Loaded when they are first used.
  return require('./credentials.js').nativeCredentials(credentials);
}

/**
 * The variables that JavaScript sees on this thread, which need not be those of the process; the
 * addon takes those that concern it.
 *
 * @param {NodeJS.ProcessEnv} variables
 */
function environment(variables) {
  const read =
    /^(AWS_|(HTTPS?|ALL|NO)_PROXY$|HOME|USERPROFILE$|REQUEST_METHOD$|SECRET_ACCESS_KEY$)/i;
  const known = Object.entries(variables).filter(([name, value]) => read.test(name) && value);
  return known.flat().map(String);
}

module.exports = { ACCESS_OPTIONS, accessOptions, credentialsOf, kmsKeyring };
