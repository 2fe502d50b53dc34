'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const util = require('node:util');

const { inspect } = require('../..');

/** How many bytes of a secret, one after the other, are too many. */
const PART = 12;

/**
 * All that can be printed of an error, or of an event that holds one.
 *
 * @param {unknown} value
 */
function everything(value) {
  const names = (it) => (it instanceof Error ? Object.getOwnPropertyNames(it) : undefined);
  const replace = (_, it) =>
    names(it) ? Object.fromEntries(names(it).map((name) => [name, it[name]])) : it;
  const inspected = util.inspect(value, {
    depth: Infinity,
    showHidden: true,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
  });
  return `${inspected}\n${JSON.stringify(value, replace)}\n${value}`;
}

/**
 * Fails if a text holds a secret or 12 bytes of it: as they are, in Base64, in hex or as numbers.
 *
 * @param {string} text
 * @param {Iterable<[name: string, secret: Buffer]>} secrets
 * @param {string} [where]
 */
function assertNoSecret(text, secrets, where = '') {
  const bytes = Buffer.from(text);
  for (const [name, secret] of secrets) {
    const length = Math.min(PART, secret.length);
    for (let i = 0; i + length <= secret.length; i++) {
      const part = secret.subarray(i, i + length);
      for (const form of forms(part)) {
        assert.ok(!bytes.includes(form), `${where}: ${name} is in ${text.slice(0, 3000)}`);
      }
    }
  }
}

function forms(part) {
  const hex = part.toString('hex');
  const base64 = part.toString('base64').replace(/=+$/, '');
  return [part, base64, part.toString('base64url'), hex, hex.toUpperCase(), [...part].join()];
}

/**
 * The key that encrypts a message, by Node.js's own HKDF (data-format/message-header.md).
 *
 * @param {Buffer} message
 * @param {Buffer} dataKey
 */
function derivedKey(message, dataKey) {
  const { messageId, algorithmSuite } = inspect(message);
  const info = Buffer.concat([
    Buffer.from([algorithmSuite.id >> 8, algorithmSuite.id & 255]),
    Buffer.from('DERIVEKEY'),
  ]);
  return Buffer.from(crypto.hkdfSync('sha512', dataKey, messageId, info, 32));
}

module.exports = { assertNoSecret, derivedKey, everything };
