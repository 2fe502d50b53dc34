'use strict';

const { isProxy } = require('node:util').types;

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { abortable } = require('../calls/abort.js');
const { invalid, native } = require('../errors.js');
const { brand, unknownObject } = require('../input/copies.js');
const { AwsKmsKeyring, nativeKeyring } = require('../keyrings/index.js');
const { lazy } = require('../lazy.js');

const forms = lazy(() => require('./forms.js'));

/** @typedef {import('../../binding').Keyset} NativeKeyset */
/** @typedef {import('./forms.js').Form} Form */

const IMPORT_OPTIONS = /** @type {const} */ (['from', 'keyring', 'associatedData', 'signal']);
const EXPORT_OPTIONS = /** @type {const} */ (['to', 'keyring', 'associatedData', 'signal']);
const UINT32_MAX = 2 ** 32 - 1;
/** The most that any PRF of Tink gives, in bytes: HKDF's with SHA-512. */
const LONGEST_PRF = 255 * 64;
const KMS_SCHEME = 'aws-kms://';
const NOTHING = new Uint8Array(0);
/** Only this file makes keysets. */
const OWN = Symbol('Keyset');

/** Tink's keyset: keys with ids, one of them primary. */
class Keyset {
  /** @type {NativeKeyset} */
  #native;

  /**
   * @param {unknown} token
   * @param {NativeKeyset} keyset
   */
  constructor(token, keyset) {
    if (token !== OWN) throw invalid('make a keyset by Keyset.generate or Keyset.import');
    this.#native = keyset;
  }

  /** @param {unknown} value */
  static #has(value) {
    return Object(value) === value && #native in /** @type {object} */ (value);
  }

  /**
   * What encrypts a keyset: AWS KMS, or another keyset; nothing for a keyset in the clear.
   *
   * @param {unknown} keyring
   * @param {Form} form
   */
  static #keyOf(keyring, { encrypted }) {
    if (!encrypted) {
      if (keyring === undefined) return undefined;
      throw invalid('a keyset in the clear has no keyring; choose one of the encrypted forms');
    }
    return Keyset.#has(keyring) ? /** @type {Keyset} */ (keyring) : kmsKeyring(keyring);
  }

  /** @param {unknown} type */
  static generate(type) {
    const name = args.string(type, 'the type');
    return new Keyset(
      OWN,
      native(() => binding.Keyset.generate(name)),
    );
  }

  /**
   * @param {unknown} data
   * @param {unknown} options
   */
  static async import(data, options) {
    const checkedOptions = args.options(options, IMPORT_OPTIONS);
    const form = forms().formOf(checkedOptions.from, 'from');
    const input = args.bytes(data, 'the keyset');
    const kek = Keyset.#keyOf(checkedOptions.keyring, form);
    const aad = associatedData(checkedOptions.associatedData);
    const signal = args.abortSignal(checkedOptions.signal);
    if (kek === undefined)
      return new Keyset(
        OWN,
        native(() => binding.Keyset.read(form.json, input)),
      );
    if (kek instanceof Keyset) {
      return new Keyset(
        OWN,
        native(() => kek.#native.unwrap(form.json, input, aad)),
      );
    }
    const keyset = await abortable(signal, (caller) =>
      binding.unwrapKeyset(kek, form.json, input, contextOf(aad), caller),
    );
    return new Keyset(OWN, keyset);
  }

  /** @param {unknown} options */
  async export(options) {
    const checkedOptions = args.options(options, EXPORT_OPTIONS);
    const form = forms().formOf(checkedOptions.to, 'to');
    const kek = Keyset.#keyOf(checkedOptions.keyring, form);
    const aad = associatedData(checkedOptions.associatedData);
    const signal = args.abortSignal(checkedOptions.signal);
    const keyset = this.#native;
    if (kek === undefined) return native(() => keyset.write(form.json));
    if (kek instanceof Keyset) return native(() => kek.#native.wrap(form.json, keyset, aad));
    return abortable(signal, (caller) =>
      binding.wrapKeyset(kek, form.json, keyset, contextOf(aad), caller),
    );
  }

  get primitive() {
    return this.#native.primitive;
  }

  get primaryKeyId() {
    return /** @type {number} */ (this.keys().find(({ primary }) => primary)?.id);
  }

  keys() {
    return this.#native.keys().map(({ id, typeName: type, enabled, primary, prefix }) => ({
      id,
      type,
      enabled,
      primary,
      prefix,
    }));
  }

  /**
   * @param {unknown} plaintext
   * @param {unknown} [associatedData]
   */
  encrypt(plaintext, associatedData) {
    return this.#encrypt(false, plaintext, associatedData);
  }

  /**
   * @param {unknown} ciphertext
   * @param {unknown} [associatedData]
   */
  decrypt(ciphertext, associatedData) {
    return this.#decrypt(false, ciphertext, associatedData);
  }

  /**
   * @param {unknown} plaintext
   * @param {unknown} [associatedData]
   */
  encryptDeterministic(plaintext, associatedData) {
    return this.#encrypt(true, plaintext, associatedData);
  }

  /**
   * @param {unknown} ciphertext
   * @param {unknown} [associatedData]
   */
  decryptDeterministic(ciphertext, associatedData) {
    return this.#decrypt(true, ciphertext, associatedData);
  }

  /**
   * @param {unknown} input
   * @param {unknown} length
   * @param {unknown} [options]
   */
  prf(input, length, options) {
    const { keyId } = args.options(options, /** @type {const} */ (['keyId']));
    const id = args.optionalInteger(keyId, 'keyId', 0, UINT32_MAX);
    const bytes = args.bytes(input, 'the input');
    const output = Buffer.alloc(args.integer(length, 'the length', 1, LONGEST_PRF));
    native(() => this.#native.prf(id, bytes, output));
    return output;
  }

  /** @param {unknown} type */
  addKey(type) {
    const name = args.string(type, 'the type');
    this.#native = native(() => this.#native.withKey(name));
    return /** @type {number} */ (this.#native.keys().at(-1)?.id);
  }

  /** @param {unknown} keyId */
  promote(keyId) {
    const id = idOf(keyId);
    this.#native = native(() => this.#native.withPrimary(id));
  }

  /** @param {unknown} keyId */
  enable(keyId) {
    const id = idOf(keyId);
    this.#native = native(() => this.#native.withEnabled(id, true));
  }

  /** @param {unknown} keyId */
  disable(keyId) {
    const id = idOf(keyId);
    this.#native = native(() => this.#native.withEnabled(id, false));
  }

  /** @param {unknown} keyId */
  destroyKey(keyId) {
    const id = idOf(keyId);
    this.#native = native(() => this.#native.without(id));
  }

  /**
   * @param {boolean} deterministic
   * @param {unknown} plaintext
   * @param {unknown} aad
   */
  #encrypt(deterministic, plaintext, aad) {
    const input = args.bytes(plaintext, 'the plaintext');
    const bound = associatedData(aad);
    const output = Buffer.allocUnsafe(input.length + native(() => this.#native.overhead));
    native(() => this.#native.encrypt(deterministic, input, bound, output));
    return output;
  }

  /**
   * @param {boolean} deterministic
   * @param {unknown} ciphertext
   * @param {unknown} aad
   */
  #decrypt(deterministic, ciphertext, aad) {
    const input = args.bytes(ciphertext, 'the ciphertext');
    const bound = associatedData(aad);
    const output = Buffer.allocUnsafe(input.length);
    const length = native(() => this.#native.decrypt(deterministic, input, bound, output));
    return output.subarray(0, length);
  }
}

brand(Keyset);

/** @param {unknown} keyring */
function kmsKeyring(keyring) {
  if (typeof keyring === 'string') return nativeKeyring(keyringOfUri(keyring));
  if (isAwsKmsKeyring(keyring)) return nativeKeyring(keyring);
  const rule = `must be an AwsKmsKeyring, a Keyset, or a URI such as "${KMS_SCHEME}arn:aws:kms:..."`;
  throw unknownObject(keyring, 'keyring', 'keyring', rule, ': Tink knows no others');
}

/** @param {unknown} value */
function isAwsKmsKeyring(value) {
  return !isProxy(value) && value instanceof AwsKmsKeyring;
}

/** @param {string} uri */
function keyringOfUri(uri) {
  if (uri.startsWith(KMS_SCHEME)) return new AwsKmsKeyring({ keyId: uri.slice(KMS_SCHEME.length) });
  throw invalid(`keyring must begin with ${KMS_SCHEME}, if it is a string`);
}

/** @param {unknown} data */
function associatedData(data) {
  return data === undefined ? NOTHING : args.bytes(data, 'associatedData');
}

/**
 * Returns the encryption context in which Tink's AWS KMS AEAD puts associated data.
 *
 * @param {Uint8Array} aad
 */
function contextOf(aad) {
  if (aad.length === 0) return [];
  const { buffer, byteOffset, byteLength } = aad;
  return ['associatedData', Buffer.from(buffer, byteOffset, byteLength).toString('hex')];
}

/** @param {unknown} keyId */
function idOf(keyId) {
  return args.integer(keyId, 'the key id', 0, UINT32_MAX);
}

/**
 * A keyset that the addon gave.
 *
 * @param {NativeKeyset} keyset
 */
function keysetOf(keyset) {
  return new Keyset(OWN, keyset);
}

module.exports = { Keyset, keysetOf };
