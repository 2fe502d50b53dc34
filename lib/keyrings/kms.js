'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { invalid } = require('../errors.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');
const { lazy } = require('../lazy.js');

const callersCredentials = lazy(() => require('./credentials.js'));

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
  const checkedOptions = args.options(options, OPTIONS);
  return checkedOptions.discovery === undefined
    ? strict(checkedOptions)
    : discovery(checkedOptions);
}

function strict(/** @type {Given} */ options) {
  if (options.keyId === undefined) {
    throw invalid('give a keyId, or discovery to decrypt under whichever KMS key a message names');
  }
  const keyId = args.nameString(options.keyId, 'keyId');
  const additional =
    args.optionalStrings(options.additionalKeyIds, 'additionalKeyIds', args.nameString) ?? [];
  return binding.Keyring.awsKms(
    keyId,
    additional,
    accessOptions(options),
    guardOptions(options),
    credentialsOf(options),
  );
}

function discovery(/** @type {Given} */ options) {
  for (const name of /** @type {const} */ (['keyId', 'additionalKeyIds'])) {
    if (options[name] === undefined) continue;
    throw invalid(
      `${name} and discovery exclude each other: discovery decrypts under whichever KMS key a ` +
        'message names, and encrypts nothing; leave one of them out',
    );
  }
  return binding.Keyring.awsKmsDiscovery(
    filter(options.discovery),
    accessOptions(options),
    guardOptions(options),
    credentialsOf(options),
  );
}

function filter(/** @type {unknown} */ value) {
  if (value === true) return undefined;
  if (value === null || typeof value !== 'object') {
    throw invalid('discovery must be true, or an object with partition and accountIds');
  }
  const checkedFilter = args.options(value, FILTER, 'discovery');
  const accountIds = args.optionalStrings(checkedFilter.accountIds, 'discovery.accountIds') ?? [];
  return { partition: args.string(checkedFilter.partition, 'discovery.partition'), accountIds };
}

/**
 * @param {{ [name in typeof ACCESS_OPTIONS[number] | 'multiRegion']?: unknown }} options
 */
function accessOptions(options) {
  return {
    environment: environment(process.env),
    region: args.optionalString(options.region, 'region'),
    multiRegion: args.optionalBoolean(options.multiRegion, 'multiRegion'),
    endpoint: args.optionalString(options.endpoint, 'endpoint'),
    profile: args.optionalString(options.profile, 'profile'),
    grantTokens: args.optionalStrings(options.grantTokens, 'grantTokens', args.nameString),
    maxAttempts: args.optionalInteger(options.maxAttempts, 'maxAttempts', 1, 100),
    attemptTimeoutMs: args.optionalInteger(options.attemptTimeoutMs, 'attemptTimeoutMs', 1, HOUR),
    credentialsTimeoutMs: args.optionalInteger(
      options.credentialsTimeoutMs,
      'credentialsTimeoutMs',
      1,
      HOUR,
    ),
    connectTimeoutMs: args.optionalInteger(options.connectTimeoutMs, 'connectTimeoutMs', 1, HOUR),
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
  return callersCredentials().nativeCredentials(credentials);
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
