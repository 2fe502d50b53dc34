'use strict';

/** @typedef {import('../..').FieldEncoding} FieldEncoding */

/** The first byte of Tink's ciphertexts, before the id of their key. */
const TINK = 1;
const PREFIX_LENGTH = 5;
/** A ciphertext of Tink's is longer than its plaintext by at least this, in bytes: that of AES-SIV. */
const SHORTEST = 21;
/** The same of the keys that encrypt with an IV: prefix, IV and tag. */
const SHORTEST_WITH_IV = 33;

/**
 * Returns the id of the key in a value that is encoded as the column's values are; nothing if it cannot be
 * a ciphertext of Tink's.
 *
 * @param {unknown} value
 * @param {FieldEncoding | undefined} encoding
 */
function keyIdOf(value, encoding) {
  return idIn(bytesOf(value, encoding), SHORTEST);
}

/**
 * Returns the id of the key in a value that has the form of a ciphertext of Tink's, and its encoding: any of
 * those that a column may have. Nothing if it has not.
 *
 * @param {unknown} value
 * @param {{ deterministic: boolean }} column
 * @returns {{ keyId: number, encoding: FieldEncoding } | undefined}
 */
function ciphertextIn(value, { deterministic }) {
  const shortest = deterministic ? SHORTEST : SHORTEST_WITH_IV;
  for (const { encoding, bytes } of readings(value)) {
    const keyId = idIn(bytes, shortest);
    if (keyId !== undefined) return { keyId, encoding };
  }
  return undefined;
}

/**
 * Returns the bytes of a value; nothing if it is not in this encoding.
 *
 * @param {unknown} value
 * @param {FieldEncoding | undefined} encoding
 */
function bytesOf(value, encoding) {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value !== 'string' || encoding === undefined) return undefined;
  const bytes = Buffer.from(value, /** @type {BufferEncoding} */ (encoding));
  const isWhole = [encoding, 'base64url'].some((one) => {
    return bytes.toString(/** @type {BufferEncoding} */ (one)) === value;
  });
  return isWhole ? bytes : undefined;
}

/**
 * Returns the bytes that a value may stand for. Padding, either alphabet of Base64, and capitals in
 * hexadecimal make no difference.
 *
 * @param {unknown} value
 * @returns {{ encoding: FieldEncoding, bytes: Buffer }[]}
 */
function readings(value) {
  if (value instanceof Uint8Array) return [{ encoding: 'buffer', bytes: Buffer.from(value) }];
  if (typeof value !== 'string') return [];
  const base64 = /[+/=]/.test(value) ? 'base64' : 'base64url';
  const base64url = value
    .replace(/={1,2}$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  const hex = value.toLowerCase();
  /** @type {{ encoding: FieldEncoding, text: string, bytes: Buffer }[]} */
  const found = [
    { encoding: base64, text: base64url, bytes: Buffer.from(base64url, 'base64url') },
    { encoding: 'hex', text: hex, bytes: Buffer.from(hex, 'hex') },
  ];
  return found.filter(({ encoding, text, bytes }) => {
    return bytes.toString(encoding === 'hex' ? 'hex' : 'base64url') === text;
  });
}

/**
 * @param {Buffer | undefined} bytes
 * @param {number} shortest
 */
function idIn(bytes, shortest) {
  if (bytes === undefined || bytes.length < shortest || bytes[0] !== TINK) return undefined;
  return bytes.subarray(0, PREFIX_LENGTH).readUInt32BE(1);
}

module.exports = { bytesOf, ciphertextIn, keyIdOf };
