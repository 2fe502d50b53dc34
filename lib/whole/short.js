'use strict';

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */

/** The longest input that is called short, in bytes: copying it costs less than a native object. */
const SHORT = 64 * 1024;

/**
 * Short messages are written here first, as their length is not known before. It never holds plaintext.
 *
 * @type {Buffer<ArrayBuffer> | undefined}
 */
let scratch;

/**
 * Returns the message of short data, made in one call of the addon; or a started encryption, if the data is
 * long, is to go `into` a buffer, or needs a service.
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
 * Returns the plaintext of a short message, made in one call of the addon; or a started decryption, if the
 * message is long, is to go `into` a buffer, or needs a service.
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
