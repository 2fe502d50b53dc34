'use strict';

const { createPrivateKey, createPublicKey } = require('node:crypto');
const { isKeyObject, isUint8Array } = require('node:util').types;

const args = require('../input/index.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { kind } = require('../input/kind.js');

// Node.js reads every form that a key comes in; the addon reads one.

/**
 * Returns a public key as a SubjectPublicKeyInfo in DER.
 *
 * @param {unknown} key a PEM, as a string or bytes, or a KeyObject
 * @param {string} name how the option is called, for the error
 * @param {string} keyKind which kind of key it should be, for the error
 */
function publicDer(key, name, keyKind) {
  return read(name, keyKind, () => {
    const found = isKey(key, 'public') ? key : createPublicKey(text(key, name));
    return found.export({ type: 'spki', format: 'der' });
  });
}

/**
 * Returns a private key as a PKCS #8 PrivateKeyInfo in DER; the caller wipes it.
 *
 * @param {unknown} key a PEM, as a string or bytes, or a KeyObject
 * @param {string} name how the option is called, for the error
 * @param {string} keyKind which kind of key it should be, for the error
 */
function privateDer(key, name, keyKind) {
  return read(name, keyKind, () => {
    const found = isKey(key, 'private') ? key : createPrivateKey(text(key, name));
    return found.export({ type: 'pkcs8', format: 'der' });
  });
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
 * @param {string} keyKind
 * @param {() => Buffer} work
 */
function read(name, keyKind, work) {
  try {
    return args.bytes(work(), name);
  } catch (error) {
    if (error instanceof EnvelopeError) throw error;
    // Without the cause: it may show a part of the key.
    throw invalid(
      `${name} cannot be read; give ${keyKind} as PEM, without a passphrase, or as a KeyObject`,
    );
  }
}

module.exports = { privateDer, publicDer };
