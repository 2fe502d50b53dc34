'use strict';

const fs = require('node:fs');

const { contextOf, keyOf } = require('../support/arguments.js');
const { Failure, usage } = require('../support/errors.js');
const { library } = require('../support/library.js');

/** @typedef {import('../support/arguments.js').Values} Values */

/** The lengths of an AES key, in bytes. */
const AES_LENGTHS = [16, 24, 32];
/** Names that the format of the S3 Encryption Clients does not keep. */
const NAMES = { keyNamespace: 's3', keyName: 'key' };

/**
 * Returns what reads and writes objects under a key: a KMS key, `local:PATH`, `aes:PATH` or `rsa:PATH`. Only
 * the former two also know messages of this package.
 *
 * @param {string} key
 */
function keysOf(key) {
  const { AwsKmsKeyring, Envelope, LocalKeyring, RawAesKeyring, RawRsaKeyring } = library();
  const [, kind, file = ''] = /^(local|aes|rsa):(.*)$/s.exec(key) ?? [];
  if (kind === 'aes') {
    return { keyring: new RawAesKeyring({ ...NAMES, wrappingKey: aesKey(file) }) };
  }
  if (kind === 'rsa') {
    const pem = fs.readFileSync(file, 'utf8');
    const part = /PRIVATE KEY-----/.test(pem)
      ? { publicKey: publicPem(pem), privateKey: pem }
      : { publicKey: pem };
    return { keyring: new RawRsaKeyring({ ...NAMES, padding: 'oaep-sha256', ...part }) };
  }
  const keyring = kind === 'local' ? new LocalKeyring(file) : new AwsKmsKeyring({ keyId: key });
  return { keyring, envelope: new Envelope({ keyring }) };
}

/**
 * Returns what the options say of reading objects, for `EncryptedS3`.
 *
 * @param {Values} values
 */
function readOptions(values) {
  const { 'commitment-policy': commitmentPolicy, suffix } = values;
  return {
    ...keysOf(keyOf(values)),
    commitmentPolicy: /** @type {import('../..').CommitmentPolicy | undefined} */ (
      commitmentPolicy
    ),
    legacyWrapping: values['legacy-wrapping'] === true,
    legacyContent: values['legacy-content'] === true,
    ...(suffix === undefined ? {} : { instructionFileSuffix: suffix }),
  };
}

/**
 * Returns the encryption context that an object must have: pairs, or what it names itself.
 *
 * @param {Values} values
 */
function contextToRead(values) {
  if (values['any-context'] !== true) {
    return values.context === undefined ? undefined : contextOf(values);
  }
  if (values.context === undefined) return /** @type {const} */ ('any');
  throw usage('--any-context takes every encryption context; leave out --context');
}

/** @param {string} pem of a private key */
function publicPem(pem) {
  const { createPublicKey } = require('node:crypto');
  return createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * Reads an AES key: its bytes, or those in hexadecimal or Base64.
 *
 * @param {string} file
 */
function aesKey(file) {
  const bytes = fs.readFileSync(file);
  const text = bytes.toString('latin1').trim();
  const isRaw = AES_LENGTHS.includes(bytes.length);
  const key = ['hex', 'base64url']
    .map((encoding) => decoded(text, /** @type {'hex' | 'base64url'} */ (encoding)))
    .find((found) => AES_LENGTHS.includes(found?.length ?? 0));
  if (isRaw && key && text.length === bytes.length) throw ambiguous(file);
  if (isRaw || key) return isRaw ? bytes : /** @type {Buffer} */ (key);
  const advice = 'give 16, 24 or 32 bytes, as they are, in hexadecimal or in Base64';
  throw new Failure('KEY_FILE', `'${file}' holds no AES key; ${advice}`);
}

/**
 * Returns what a text stands for; nothing if it is not in this encoding. Node.js would skip what does not
 * belong there, and make a key of any text.
 *
 * @param {string} text
 * @param {'hex' | 'base64url'} encoding base64url: or Base64, with padding or without
 */
function decoded(text, encoding) {
  const bytes = Buffer.from(text, encoding);
  const written =
    encoding === 'hex'
      ? text.toLowerCase()
      : text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
  return bytes.toString(encoding) === written ? bytes : undefined;
}

/** @param {string} file */
function ambiguous(file) {
  const advice = 'end its text with a line break, or write its bytes in hexadecimal';
  return new Failure(
    'KEY_FILE',
    `'${file}' may hold a key in text, or a longer one as its bytes; ${advice}`,
  );
}

module.exports = { contextToRead, keysOf, readOptions };
