'use strict';

const path = require('node:path');

const binding = require('../binding.js');
const args = require('./arguments.js');
const { invalid, native } = require('./errors.js');

/** A key string that starts so goes on with the path of a key file. */
const LOCAL_PREFIX = 'local:';

const KMS_OPTIONS = /** @type {const} */ ([
  'keyId',
  'region',
  'endpoint',
  'profile',
  'grantTokens',
  'maxAttempts',
  'timeoutMs',
]);

/** @type {WeakMap<object, import('../binding').Keyring>} */
const nativeKeyrings = new WeakMap();

/** Wraps data keys under a KMS key. */
class AwsKmsKeyring {
  /** @param {unknown} options */
  constructor(options) {
    const given = args.options(options, KMS_OPTIONS);
    const keyId = args.string(given.keyId, 'keyId');
    const kms = {
      region: args.optionalString(given.region, 'region'),
      endpoint: endpoint(given.endpoint),
      profile: args.optionalString(given.profile, 'profile'),
      grantTokens: args.strings(given.grantTokens ?? [], 'grantTokens'),
      maxAttempts: args.optionalInteger(given.maxAttempts, 'maxAttempts', 1, 100),
      timeoutMs: args.optionalInteger(given.timeoutMs, 'timeoutMs', 1, 3_600_000),
    };
    nativeKeyrings.set(
      this,
      native(() => binding.Keyring.awsKms(keyId, kms)),
    );
  }
}

/** Wraps data keys under the key in a file. */
class LocalKeyring {
  /** @param {unknown} file */
  constructor(file) {
    const absolute = path.resolve(args.string(file, 'path'));
    nativeKeyrings.set(
      this,
      native(() => binding.Keyring.local(absolute)),
    );
  }

  /** @param {unknown} file */
  static generate(file) {
    const absolute = path.resolve(args.string(file, 'path'));
    native(() => binding.generateLocalKey(absolute));
    return new LocalKeyring(absolute);
  }
}

/** Wraps data keys under an AES key that the caller holds. */
class RawAesKeyring {
  /** @param {unknown} options */
  constructor(options) {
    const known = /** @type {const} */ (['keyNamespace', 'keyName', 'wrappingKey']);
    const given = args.options(options, known);
    const namespace = args.string(given.keyNamespace, 'keyNamespace');
    const name = args.string(given.keyName, 'keyName');
    if (typeof given.wrappingKey === 'string') {
      throw invalid('wrappingKey must be bytes; decode the string first');
    }
    const wrappingKey = args.bytes(given.wrappingKey, 'wrappingKey');
    nativeKeyrings.set(
      this,
      native(() => binding.Keyring.rawAes(namespace, name, wrappingKey)),
    );
  }
}

/**
 * The keyring of a key string: `local:` and a path, or a KMS key id, ARN, alias or alias ARN.
 *
 * @param {string} key
 */
function keyringOf(key) {
  if (!key.startsWith(LOCAL_PREFIX)) return new AwsKmsKeyring({ keyId: key });
  return new LocalKeyring(key.slice(LOCAL_PREFIX.length));
}

/**
 * The native half of a keyring.
 *
 * @param {unknown} keyring
 * @returns {import('../binding').Keyring}
 */
function nativeKeyring(keyring) {
  const found = nativeKeyrings.get(/** @type {object} */ (keyring));
  if (found) return found;
  throw invalid('keyring must be an AwsKmsKeyring, LocalKeyring or RawAesKeyring');
}

/** @param {unknown} value */
function endpoint(value) {
  const text = args.optionalString(value, 'endpoint');
  if (text !== undefined && !/^https?:\/\//.test(text)) {
    throw invalid('endpoint must be a URL that starts with https:// or http://');
  }
  return text;
}

module.exports = { AwsKmsKeyring, LocalKeyring, RawAesKeyring, keyringOf, nativeKeyring };
