'use strict';

const args = require('../input/index.js');
const { areShort } = require('../input/scratch.js');

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */
/** @typedef {ReturnType<typeof args.callOptions>['into']} Into */

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
 * long, finds no room in `into`, or needs a service.
 *
 * @param {Core} core
 * @param {string[]} context
 * @param {Uint8Array} input
 * @param {Into} into
 */
function encrypt(core, context, input, into) {
  if (input.length > SHORT || !isApart(into, input) || !areShort(context)) {
    return core.startEncryption(context, input.length);
  }
  scratch ??= Buffer.allocUnsafeSlow(2 * SHORT);
  const written = core.encryptShort(context, input, into ?? scratch);
  if (typeof written !== 'number') return written;
  if (into) return args.startOf(into, written);
  const message = Buffer.allocUnsafe(written);
  scratch.copy(message, 0, 0, written);
  return message;
}

/**
 * Returns the plaintext of a short message, made in one call of the addon; or a started decryption, if the
 * message is long, finds no room in `into`, or needs a service.
 *
 * @param {Core} core
 * @param {string[]} context
 * @param {Uint8Array} message
 * @param {Into} into
 */
function decrypt(core, context, message, into) {
  if (message.length > SHORT || !isApart(into, message) || !areShort(context)) {
    return core.startDecryption(message, context);
  }
  const plaintext = into ?? Buffer.allocUnsafe(message.length);
  const written = core.decryptShort(message, context, plaintext);
  return typeof written === 'number' ? args.startOf(plaintext, written) : written;
}

/**
 * Returns whether an output is memory of its own, or a buffer without a byte of the input. Of one that overlaps
 * the input, only as much is looked at as will be filled; an output of a pool must know its length before.
 *
 * @param {Into} into
 * @param {Uint8Array} input
 * @returns {into is Uint8Array | undefined}
 */
function isApart(into, input) {
  return into === undefined || (into instanceof Uint8Array && !args.overlaps(into, input));
}

module.exports = { decrypt, encrypt };
