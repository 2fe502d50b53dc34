'use strict';

const path = require('node:path');

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { brand, unknownObject } = require('../input/copies.js');
const { invalid, native } = require('../errors.js');
const { lazy } = require('../lazy.js');

// `node:crypto`, with which some of them read key pairs, takes some milliseconds to load.
const custom = lazy(() => require('./custom.js'));
const ecdh = lazy(() => require('./ecdh.js'));
const hierarchical = lazy(() => require('./hierarchical.js'));
const kms = lazy(() => require('./kms.js'));
const kmsRsa = lazy(() => require('./kms-rsa.js'));
const rsa = lazy(() => require('./rsa.js'));

/** A key string that starts so goes on with the path of a key file. */
const LOCAL_PREFIX = 'local:';

/** @type {WeakMap<object, import('../../binding').Keyring>} */
const nativeKeyrings = new WeakMap();

/** Wraps data keys under KMS keys. */
class AwsKmsKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => kms().kmsKeyring(options));
  }
}

/** Wraps data keys under a secret that a key of KMS shares with another key pair. */
class AwsKmsEcdhKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => ecdh().kmsEcdhKeyring(options));
  }
}

/** Wraps data keys under the public key of an RSA key of KMS, and lets KMS unwrap them. */
class AwsKmsRsaKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => kmsRsa().kmsRsaKeyring(options));
  }
}

/** Wraps data keys under the key in a file. */
class LocalKeyring {
  /** @param {unknown} file */
  constructor(file) {
    const absolute = path.resolve(args.nameString(file, 'path'));
    setNative(this, () => binding.Keyring.local(absolute));
  }

  /** @param {unknown} file */
  static generate(file) {
    const absolute = path.resolve(args.nameString(file, 'path'));
    native(() => binding.generateLocalKey(absolute));
    return new LocalKeyring(absolute);
  }
}

/** Wraps data keys under an AES key that the caller holds. */
class RawAesKeyring {
  /** @param {unknown} options */
  constructor(options) {
    const known = /** @type {const} */ (['keyNamespace', 'keyName', 'wrappingKey']);
    const checkedOptions = args.options(options, known);
    const namespace = args.string(checkedOptions.keyNamespace, 'keyNamespace');
    const name = args.string(checkedOptions.keyName, 'keyName');
    if (typeof checkedOptions.wrappingKey === 'string') {
      throw invalid('wrappingKey must be bytes; decode the string first');
    }
    const wrappingKey = args.bytes(checkedOptions.wrappingKey, 'wrappingKey');
    setNative(this, () => binding.Keyring.rawAes(namespace, name, wrappingKey));
  }
}

/** Wraps data keys under a secret that two key pairs share. */
class RawEcdhKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => ecdh().rawEcdhKeyring(options));
  }
}

/** Wraps data keys under an RSA key pair of the caller's. */
class RawRsaKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => rsa().rsaKeyring(options));
  }
}

/** Wraps one data key with several keyrings. */
class MultiKeyring {
  /** @param {unknown} options */
  constructor(options) {
    const known = /** @type {const} */ (['generator', 'children']);
    const { generator, children = [] } = args.options(options, known);
    const first = generator === undefined ? undefined : nativeKeyring(generator, 'generator');
    const others = args
      .list(children, 'children')
      .map((child, i) => nativeKeyring(child, `children[${i}]`));
    setNative(this, () => binding.Keyring.multi(first, others));
  }
}

/** Wraps data keys with functions of the caller's. */
class CustomKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => custom().customKeyring(options));
  }
}

/** Wraps data keys under branch keys. */
class HierarchicalKeyring {
  /** @param {unknown} options */
  constructor(options) {
    setNative(this, () => hierarchical().hierarchicalKeyring(options));
  }
}

[
  AwsKmsEcdhKeyring,
  AwsKmsKeyring,
  AwsKmsRsaKeyring,
  CustomKeyring,
  HierarchicalKeyring,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawEcdhKeyring,
  RawRsaKeyring,
].forEach(brand);

/**
 * The keyring of a key string: `local:` and a path, or a KMS key id, ARN, alias or alias ARN.
 *
 * @param {string} key
 * @param {unknown} [credentials] those of AWS, where the environment's are not wanted
 */
function keyringOf(key, credentials) {
  if (!key.startsWith(LOCAL_PREFIX)) {
    return new AwsKmsKeyring(
      credentials === undefined ? { keyId: key } : { keyId: key, credentials },
    );
  }
  if (credentials !== undefined) {
    throw invalid('credentials are for AWS KMS, and the key is a local key file; leave them out');
  }
  return new LocalKeyring(key.slice(LOCAL_PREFIX.length));
}

/**
 * Gives a keyring its native half.
 *
 * @param {object} keyring
 * @param {() => import('../../binding').Keyring} create
 */
function setNative(keyring, create) {
  nativeKeyrings.set(keyring, native(create));
}

/**
 * Returns the native half of a keyring.
 *
 * @param {unknown} keyring
 * @param {string} [name] how the argument is called, for the error
 * @returns {import('../../binding').Keyring}
 */
function nativeKeyring(keyring, name = 'keyring') {
  const found = nativeKeyrings.get(/** @type {object} */ (keyring));
  if (found) return found;
  const rule = 'must be a keyring of this package, such as an AwsKmsKeyring';
  throw unknownObject(keyring, 'keyring', name, rule);
}

module.exports = {
  AwsKmsEcdhKeyring,
  AwsKmsKeyring,
  AwsKmsRsaKeyring,
  CustomKeyring,
  HierarchicalKeyring,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawEcdhKeyring,
  RawRsaKeyring,
  keyringOf,
  nativeKeyring,
};
