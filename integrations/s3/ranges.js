'use strict';

const args = require('../../lib/input/index.js');
const { EnvelopeError, invalid, native } = require('../../lib/errors.js');
const { byteRange } = require('../../lib/ranges/byte-range.js');
const { nextTurn } = require('../../lib/calls/timers.js');
const { throwIfAborted } = require('../../lib/calls/abort.js');
const { TAG_LENGTH } = require('../../lib/s3-objects/lengths.js');
const { openObject } = require('../../lib/s3-objects/read.js');
const { lengthUnknown, tooLong } = require('./body.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

/** Longer ranges are decrypted in slices of this length, in bytes. */
const SLICE = 1024 * 1024;

/**
 * Resolves to the answer of HeadObject, with a range of the plaintext as `body`.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of GetObject
 * @param {unknown} range its `start` and `end`
 * @param {boolean} isVerified whether it must have verified, which only messages allow
 * @param {Record<string, any>} call
 */
async function getRange(store, input, range, isVerified, { encryptionContext, signal }) {
  const name = isVerified ? 'range' : 'unauthenticatedRange';
  const checkedRange = args.options(range, ['start', 'end'], name);
  const settings =
    store.keyring === undefined ? undefined : store.readSettings(encryptionContext, signal);
  const output = await store.send('HeadObjectCommand', input, signal);
  const metadata = output.Metadata ?? {};
  store.checkReadable(metadata);
  const { file, isS3Object } = settings
    ? await store.identify(input, metadata, signal)
    : { file: undefined, isS3Object: false };
  const isMessage = store.envelope !== undefined && !isS3Object;
  if (isMessage !== isVerified) throw isMessage ? needsRange() : needsUnauthenticated();
  if (output.ContentLength === undefined) throw lengthUnknown();
  const read = (/** @type {number} */ start, /** @type {number} */ end) =>
    store.storedRange(input, { ETag: output.ETag, start, end, signal });
  if (isMessage) {
    const { ContentLength: size } = output;
    checkLength(store, byteRange(size, checkedRange));
    const body = await store.envelope.decryptRange(
      { size, read },
      { encryptionContext, signal, start: checkedRange.start, end: checkedRange.end },
    );
    return { ...output, body };
  }
  const reader = await openObject(metadata, file?.text, /** @type {any} */ (settings));
  const { start, end } = byteRange(Math.max(0, output.ContentLength - TAG_LENGTH), checkedRange);
  checkLength(store, { start, end });
  // Also for no bytes: AES-CBC has no ranges.
  native(() => reader.decryptUnauthenticated(start, end - start));
  const body =
    start < end ? await decryptUnverified(reader, await read(start, end), signal) : Buffer.alloc(0);
  return { ...output, body };
}

/**
 * Returns the plaintext of a range.
 *
 * @param {import('../../binding').S3ObjectReader} reader that was told where the range starts
 * @param {Uint8Array} encrypted
 * @param {AbortSignal | undefined} signal
 */
async function decryptUnverified(reader, encrypted, signal) {
  const output = Buffer.allocUnsafeSlow(encrypted.length);
  output.set(encrypted);
  for (let at = 0; at < output.length; at += SLICE) {
    if (at > 0) await nextTurn();
    throwIfAborted(signal);
    native(() => reader.decrypt(output.subarray(at, at + SLICE)));
  }
  return output;
}

/**
 * @param {ObjectStore} store
 * @param {{ start: number, end: number }} range
 */
function checkLength({ maxBufferLength }, { start, end }) {
  if (end - start > maxBufferLength) throw tooLong(maxBufferLength, 'the range', 'shorter ranges');
}

function needsRange() {
  return invalid('the object is a message, whose ranges can be verified; use range');
}

function needsUnauthenticated() {
  return new EnvelopeError(
    'ERR_ENVELOPE_UNSUPPORTED_MESSAGE',
    'the object has one tag for all of it, so that nothing verifies a range; get the whole object, or use ' +
      'unauthenticatedRange if a changed plaintext does no harm',
  );
}

module.exports = { getRange };
