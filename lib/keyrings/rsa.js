'use strict';

const { createPrivateKey, createPublicKey } = require('node:crypto');
const { isKeyObject, isUint8Array } = require('node:util').types;

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { EnvelopeError, invalid, native } = require('../errors.js');
const { kind } = require('../input/kind.js');

const OPTIONS = /** @type {const} */ ([
  'keyNamespace',
  'keyName',
  'publicKey',
  'privateKey',
  'padding',
]);

/**
 * The native keyring of an RSA key pair.
 *
 * @param {unknown} options
 */
function rsaKeyring(options) {
  const given = args.options(options, OPTIONS);
  const namespace = args.string(given.keyNamespace, 'keyNamespace');
  const name = args.string(given.keyName, 'keyName');
  const padding = args.optionalString(given.padding, 'padding') ?? 'oaep-sha256';
  const publicKey = optional(given.publicKey, publicDer);
  const privateKey = optional(given.privateKey, privateDer);
  try {
    return native(() => binding.Keyring.rawRsa(namespace, name, padding, publicKey, privateKey));
  } finally {
    privateKey?.fill(0);
  }
}

/**
 * Node.js reads every form that a key comes in; the addon reads one.
 *
 * @param {unknown} key
 */
function publicDer(key) {
  return read('publicKey', () => {
    const found = isKey(key, 'public') ? key : createPublicKey(text(key, 'publicKey'));
    return found.export({ type: 'spki', format: 'der' });
  });
}

/** @param {unknown} key */
function privateDer(key) {
  return read('privateKey', () => {
    const found = isKey(key, 'private') ? key : createPrivateKey(text(key, 'privateKey'));
    return found.export({ type: 'pkcs8', format: 'der' });
  });
}

/**
 * @template T
 * @param {unknown} value
 * @param {(value: unknown) => T} convert
 */
function optional(value, convert) {
  return value === undefined ? undefined : convert(value);
}

/**
 * @param {unknown} key
 * @param {'public' | 'private'} type
 * @returns {key is import('node:crypto').KeyObject}
 */
function isKey(key, type) {
  return isKeyObject(key) && key.type === type;
}

/**
 * @param {unknown} key
 * @param {string} name
 */
function text(key, name) {
  if (typeof key === 'string') return key;
  if (isUint8Array(key)) {
    const { buffer, byteOffset, length } = args.bytes(key, name);
    return Buffer.from(buffer, byteOffset, length);
  }
  throw invalid(`${name} must be a PEM string or a KeyObject, not ${kind(key)}`);
}

/**
 * @param {string} name
 * @param {() => Buffer} work
 */
function read(name, work) {
  try {
    return args.bytes(work(), name);
  } catch (error) {
    if (error instanceof EnvelopeError) throw error;
    // Without the cause: it may show a part of the key.
    throw invalid(
      `${name} cannot be read; give an RSA key as PEM, without a passphrase, or as a KeyObject`,
    );
  }
}

module.exports = { publicDer, rsaKeyring };
