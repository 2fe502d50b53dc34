'use strict';

const args = require('../input/index.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { kind } = require('../input/kind.js');
const { fips } = require('../native/fips.js');
const { lazy } = require('../lazy.js');

const crypto = lazy(() => require('node:crypto'));
// It may load this file.
const envelopes = lazy(() => require('../envelope.js'));

/**
 * A kind of values that were there before: reads a value as text or bytes, or tells that it is none.
 *
 * @typedef {(value: string | Buffer) => Buffer | undefined} Reader
 */

const KINDS = /** @type {const} */ (['cloak', 'typeorm-encrypted', 'message', 'plaintext']);
const TAG_LENGTH = 16;
const CLOAK = /^v1\.aesgcm256\.([0-9a-f]{8})\.([\w-]{16})\.([\w-]{22,}={0,2})$/i;
const CLOAK_KEY = /^k1\.aesgcm256\.([\w-]{43}=)$/;
/** The first bytes of an Encryption SDK message: its version, and in format 1.0 its type. */
const MESSAGE_STARTS = ['0280', '0180', '0204', '0205'];

/**
 * Returns what reads the values of other packages that a column still holds, in the order given.
 *
 * @param {unknown} from
 * @returns {Reader[]}
 */
function readersOf(from) {
  if (from === undefined) return [];
  return args.list(from, 'from').map((one, i) => readerOf(one, `from[${i}]`));
}

/**
 * @param {unknown} one
 * @param {string} name
 * @returns {Reader}
 */
function readerOf(one, name) {
  const known = /** @type {const} */ ([
    'kind',
    'keys',
    'ivLength',
    'envelope',
    'encryptionContext',
  ]);
  const format = args.options(one, known, name);
  switch (format.kind) {
    case 'cloak':
      checkApproved(format.kind, name);
      return cloak(args.optionalStrings(format.keys, `${name}.keys`) ?? []);
    case 'typeorm-encrypted':
      checkApproved(format.kind, name);
      return typeormEncrypted(
        args.optionalStrings(format.keys, `${name}.keys`) ?? [],
        args.optionalInteger(format.ivLength, `${name}.ivLength`, 1, 128) ?? 16,
      );
    case 'message':
      return message(format.envelope, format.encryptionContext);
    case 'plaintext':
      return plaintext;
    default: {
      const names = KINDS.map((one) => `"${one}"`).join(', ');
      throw invalid(`${name}.kind must be one of ${names}, not ${kind(format.kind)}`);
    }
  }
}

/**
 * Refuses a kind that Node.js decrypts, where the FIPS module encrypts.
 *
 * @param {string} kind
 * @param {string} name
 */
function checkApproved(kind, name) {
  if (!fips) return;
  throw new EnvelopeError(
    'ERR_ENVELOPE_NOT_APPROVED',
    `${name}.kind "${kind}" is decrypted by Node.js, not by the FIPS module; move the table with a build ` +
      'without the module',
  );
}

/**
 * @param {string[]} keys as cloak writes them
 * @returns {Reader}
 */
function cloak(keys) {
  const raw = keys.map((key) => {
    const [, found] = CLOAK_KEY.exec(key) ?? [];
    if (found) return Buffer.from(found, 'base64url');
    throw invalid('a key of cloak begins with k1.aesgcm256.');
  });
  return (value) => {
    const [, , iv, sealed] = CLOAK.exec(String(value)) ?? [];
    if (iv === undefined || sealed === undefined) return undefined;
    const bytes = Buffer.from(sealed, 'base64url');
    const at = bytes.length - TAG_LENGTH;
    return opened(raw, Buffer.from(iv, 'base64url'), bytes.subarray(0, at), bytes.subarray(at));
  };
}

/**
 * AES-GCM with the IV, then the tag, before the ciphertext: in base64, without anything that tells.
 *
 * @param {string[]} keys in hexadecimal
 * @param {number} ivLength
 * @returns {Reader}
 */
function typeormEncrypted(keys, ivLength) {
  const raw = keys.map((key) => {
    if (/^([0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64})$/i.test(key)) return Buffer.from(key, 'hex');
    throw invalid('a key of typeorm-encrypted is 16, 24 or 32 bytes in hexadecimal');
  });
  return (value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value;
    if (bytes.length < ivLength + TAG_LENGTH) return undefined;
    if (typeof value === 'string' && bytes.toString('base64') !== value) return undefined;
    const iv = bytes.subarray(0, ivLength);
    const tag = bytes.subarray(ivLength, ivLength + TAG_LENGTH);
    return opened(raw, iv, bytes.subarray(ivLength + TAG_LENGTH), tag);
  };
}

/**
 * Messages of the AWS Encryption SDK, under a key that needs no service.
 *
 * @param {unknown} envelope
 * @param {unknown} encryptionContext
 * @returns {Reader}
 */
function message(envelope, encryptionContext) {
  envelopes().clientOf(envelope);
  args.flattenContext(encryptionContext);
  const options = encryptionContext === undefined ? {} : { encryptionContext };
  return (value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : value;
    if (!MESSAGE_STARTS.includes(bytes.toString('hex', 0, 2))) return undefined;
    return /** @type {any} */ (envelope).decryptSync(bytes, options);
  };
}

/** @type {Reader} */
function plaintext(value) {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

/**
 * @param {Buffer[]} keys
 * @param {Buffer} iv
 * @param {Buffer} ciphertext
 * @param {Buffer} tag
 */
function opened(keys, iv, ciphertext, tag) {
  for (const key of keys) {
    const name = /** @type {'aes-256-gcm'} */ (`aes-${key.length * 8}-gcm`);
    const decipher = crypto().createDecipheriv(name, key, iv, { authTagLength: TAG_LENGTH });
    decipher.setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      // Of another key, or changed.
    }
  }
  throw new EnvelopeError(
    'ERR_ENVELOPE_AUTHENTICATION_FAILED',
    'the value of another package does not decrypt under any of its keys in `from`',
  );
}

module.exports = { plaintext, readersOf };
