'use strict';

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */

/** What is called short, in bytes: copying it costs less than an object of the addon's. */
const SHORT = 64 * 1024;

/**
 * Where short messages are written, as their length is not known before; never plaintext.
 *
 * @type {Buffer | undefined}
 */
let scratch;

/**
 * Encrypts short data at once, in one call of the addon; or starts to encrypt it.
 *
 * @param {Core} core
 * @param {string[]} context
 * @param {Uint8Array} input
 * @param {unknown} into
 */
function encrypt(core, context, input, into) {
  if (input.length > SHORT || into !== undefined) {
    return core.startEncryption(context, input.length);
  }
  scratch ??= Buffer.allocUnsafeSlow(2 * SHORT);
  const written = core.encryptShort(context, input, scratch);
  if (typeof written !== 'number') return written;
  const message = Buffer.allocUnsafe(written);
  scratch.copy(message, 0, 0, written);
  return message;
}

/**
 * Decrypts a short message at once, in one call of the addon; or starts to decrypt it.
 *
 * @param {Core} core
 * @param {string[]} context
 * @param {Uint8Array} message
 * @param {unknown} into
 */
function decrypt(core, context, message, into) {
  if (message.length > SHORT || into !== undefined) return core.startDecryption(message, context);
  const plaintext = Buffer.allocUnsafe(message.length);
  const written = core.decryptShort(message, context, plaintext);
  return typeof written === 'number' ? plaintext.subarray(0, written) : written;
}

module.exports = { decrypt, encrypt };
