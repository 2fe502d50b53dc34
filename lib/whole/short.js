'use strict';

const pieces = require('./pieces.js');

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
 * Encrypts short data at once, if nobody has to be asked.
 *
 * @param {Core} core
 * @param {string[]} context
 * @param {Uint8Array} input
 * @param {unknown} into
 * @returns {Buffer | undefined}
 */
function seal(core, context, input, into) {
  if (input.length > SHORT || into !== undefined) return undefined;
  scratch ??= Buffer.allocUnsafeSlow(2 * SHORT);
  const sealed = core.sealNow(context, input, scratch);
  if (sealed === null) return undefined;
  if (typeof sealed !== 'number') return pieces.sealSync(sealed, input, into);
  const message = Buffer.allocUnsafe(sealed);
  scratch.copy(message, 0, 0, sealed);
  return message;
}

/**
 * Decrypts a short message at once, if nobody has to be asked.
 *
 * @param {Core} core
 * @param {string[]} context
 * @param {Uint8Array} message
 * @param {unknown} into
 * @returns {Buffer | undefined}
 */
function open(core, context, message, into) {
  if (message.length > SHORT || into !== undefined) return undefined;
  const plaintext = Buffer.allocUnsafe(message.length);
  const length = core.openNow(message, context, plaintext);
  return length === null ? undefined : plaintext.subarray(0, length);
}

module.exports = { open, seal };
