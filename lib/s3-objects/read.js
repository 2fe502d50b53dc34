'use strict';

const args = require('../input/index.js');
const { abortable, throwIfAborted } = require('../calls/abort.js');
const { nextTurn } = require('../calls/timers.js');
const { native } = require('../errors.js');
const { nativeKeyring } = require('../keyrings/index.js');
const { parseMetadata } = require('./metadata.js');

/** @typedef {import('../../binding').S3ObjectReader} Reader */

/** Longer bodies are decrypted in slices of this length, in bytes, with turns of the event loop between. */
const SLICE = 1024 * 1024;

const READ_OPTIONS = /** @type {const} */ ([
  'keyring',
  'encryptionContext',
  'commitmentPolicy',
  'legacyWrapping',
  'legacyContent',
  'signal',
]);

/**
 * Returns the plaintext of an object, once all of it has verified.
 *
 * @param {unknown} object its `body`, `metadata` and `instructionFile`
 * @param {unknown} options
 * @returns {Promise<Buffer>}
 */
async function decryptS3Object(object, options) {
  const parts = /** @type {const} */ (['body', 'metadata', 'instructionFile']);
  const checkedObject = args.options(object, parts, 'the object');
  const body = args.byteArray(checkedObject.body, 'body');
  const settings = readSettings(options);
  const reader = await openObject(checkedObject.metadata, checkedObject.instructionFile, settings);
  return decryptBody(reader, body, settings.signal);
}

/**
 * Returns what the options of a read say, checked.
 *
 * @param {unknown} options
 */
function readSettings(options) {
  const checkedOptions = args.options(options, READ_OPTIONS);
  return {
    keyring: nativeKeyring(checkedOptions.keyring),
    context: args.flattenContext(checkedOptions.encryptionContext),
    signal: args.abortSignal(checkedOptions.signal),
    policy: {
      commitmentPolicy: args.optionalString(checkedOptions.commitmentPolicy, 'commitmentPolicy'),
      legacyWrapping:
        args.optionalBoolean(checkedOptions.legacyWrapping, 'legacyWrapping') ?? false,
      legacyContent: args.optionalBoolean(checkedOptions.legacyContent, 'legacyContent') ?? false,
    },
  };
}

/**
 * Returns a reader of the object's content, once its data key was unwrapped.
 *
 * @param {unknown} metadata
 * @param {unknown} instructionFile
 * @param {ReturnType<typeof readSettings>} settings
 */
async function openObject(metadata, instructionFile, { keyring, context, policy, signal }) {
  const parsed = parseMetadata(metadata, instructionFile);
  return abortable(signal, (caller) => parsed.open(keyring, policy, context, caller));
}

/**
 * @param {Reader} reader
 * @param {Uint8Array} body
 * @param {AbortSignal | undefined} signal
 */
async function decryptBody(reader, body, signal) {
  const output = Buffer.allocUnsafeSlow(body.length);
  try {
    const length =
      body.length <= SLICE
        ? native(() => reader.decryptWhole(body, output))
        : await decryptSlices(reader, body, output, signal);
    return output.subarray(0, length);
  } catch (error) {
    output.fill(0);
    throw error;
  }
}

/**
 * Returns the plaintext of a body, once all of it has verified, in the memory of the body: nobody else may have it.
 *
 * @param {Reader} reader
 * @param {Buffer} body
 * @param {AbortSignal | undefined} signal
 */
async function decryptInPlace(reader, body, signal) {
  // Whose memory may be a part of more.
  if (body.length <= SLICE) return decryptBody(reader, body, signal);
  native(() => reader.beginAhead(body.length));
  try {
    for (let at = 0; at < body.length; at += SLICE) {
      if (at > 0) await nextTurn();
      throwIfAborted(signal);
      const slice = body.subarray(at, at + SLICE);
      native(() => reader.verify(slice));
      native(() => reader.decrypt(slice));
    }
    const length = native(() => reader.verified());
    return body.subarray(0, length);
  } catch (error) {
    body.fill(0);
    throw error;
  }
}

/**
 * Decrypts and verifies slice by slice; the output is the caller's only after the last has verified.
 *
 * @param {Reader} reader
 * @param {Uint8Array} body
 * @param {Uint8Array} output
 * @param {AbortSignal | undefined} signal
 */
async function decryptSlices(reader, body, output, signal) {
  const { length } = body;
  native(() => reader.beginAhead(length));
  let written = 0;
  for (let at = 0; at < length; at += SLICE) {
    if (at > 0) {
      await nextTurn();
      throwIfAborted(signal);
      args.checkUnchanged(body, length);
    }
    const slice = body.subarray(at, at + SLICE);
    written += native(() => reader.decryptAhead(slice, output.subarray(written)));
  }
  return native(() => reader.verified());
}

module.exports = { decryptInPlace, decryptS3Object, openObject, readSettings };
