'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { throwIfAborted } = require('../calls/abort.js');
const short = require('./short.js');
const { lazy } = require('../lazy.js');

// Short data with a key at hand needs none of these.
const header = lazy(() => require('../header.js'));
const pieces = lazy(() => require('./pieces.js'));
const start = lazy(() => require('../calls/start.js'));

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */
/** @typedef {import('../../binding').Transform | import('../../binding').PendingStart} Started */

const OPTIONS = /** @type {const} */ (['encryptionContext', 'into', 'signal']);
const SYNC_OPTIONS = /** @type {const} */ (['encryptionContext', 'into']);
const RE_ENCRYPT_OPTIONS = /** @type {const} */ ([...OPTIONS, 'newEncryptionContext']);

/**
 * Returns a message; or a promise of it, if the data is long or a service must be asked.
 *
 * @param {Core} core
 * @param {unknown} data
 * @param {unknown} options
 */
function encrypt(core, data, options) {
  return nowOrLater(short.encrypt, core, data, 'data', options);
}

/**
 * Returns a message, or throws if a service must be asked.
 *
 * @param {Core} core
 * @param {unknown} data
 * @param {unknown} options
 */
function encryptSync(core, data, options) {
  return now(short.encrypt, core, data, 'data', options);
}

/**
 * Returns a plaintext; or a promise of it, if the message is long or a service must be asked.
 *
 * @param {Core} core
 * @param {unknown} message
 * @param {unknown} options
 */
function decrypt(core, message, options) {
  return nowOrLater(short.decrypt, core, message, 'message', options);
}

/**
 * Returns a plaintext, or throws if a service must be asked.
 *
 * @param {Core} core
 * @param {unknown} message
 * @param {unknown} options
 */
function decryptSync(core, message, options) {
  return now(short.decrypt, core, message, 'message', options);
}

/**
 * Returns a plaintext and the header of its message.
 *
 * @param {Core} core
 * @param {unknown} message
 * @param {unknown} options
 */
async function decryptMessage(core, message, options) {
  const { encryptionContext, into, signal } = args.callOptions(options, OPTIONS);
  const input = args.bytes(message, 'message');
  const { length } = input;
  const transform = await start().begin(signal, () =>
    core.startDecryption(input, encryptionContext),
  );
  const described = header().describe(transform);
  const plaintext = await pieces().run(transform, input, length, into, signal);
  return { plaintext, header: described };
}

/**
 * Returns the message anew, written by `to`; its plaintext stays in Rust.
 *
 * @param {Core} from
 * @param {Core} to
 * @param {unknown} message
 * @param {unknown} options
 */
async function reEncrypt(from, to, message, options) {
  const { encryptionContext, into, signal, checkedOptions } = args.callOptions(
    options,
    RE_ENCRYPT_OPTIONS,
  );
  const newContext = args.newContext(checkedOptions);
  const input = args.bytes(message, 'message');
  const { length } = input;
  const transform = await start().begin(signal, () =>
    binding.startReEncryption(from.client, input, encryptionContext, to.client, newContext),
  );
  return pieces().run(transform, input, length, into, signal);
}

/**
 * Returns the output of a short input whose keys are at hand; otherwise a promise of it.
 *
 * @param {typeof short.encrypt} startShort
 * @param {Core} core
 * @param {unknown} data the input
 * @param {string} name what errors call it
 * @param {unknown} options
 */
function nowOrLater(startShort, core, data, name, options) {
  const { encryptionContext, into, signal } = args.callOptions(options, OPTIONS);
  const input = args.bytes(data, name);
  throwIfAborted(signal);
  const { length } = input;
  const started = startShort(core, encryptionContext, input, into);
  return Buffer.isBuffer(started) ? started : finish(started, input, length, into, signal);
}

/**
 * Returns the output, or throws if a service must be asked.
 *
 * @param {typeof short.encrypt} startShort
 * @param {Core} core
 * @param {unknown} data the input
 * @param {string} name what errors call it
 * @param {unknown} options
 */
function now(startShort, core, data, name, options) {
  const { encryptionContext, into } = args.callOptions(options, SYNC_OPTIONS);
  const input = args.bytes(data, name);
  const started = startShort(core, encryptionContext, input, into);
  if (Buffer.isBuffer(started)) return started;
  return pieces().runAtOnce(start().readyNow(started), input, input.length, into);
}

/**
 * @param {Started} started
 * @param {Uint8Array} input
 * @param {number} length of the input when it was given
 * @param {import('./short.js').Into} into
 * @param {AbortSignal | undefined} signal
 */
async function finish(started, input, length, into, signal) {
  return pieces().run(await start().ready(signal, started), input, length, into, signal);
}

module.exports = { decrypt, decryptMessage, decryptSync, encrypt, encryptSync, reEncrypt };
