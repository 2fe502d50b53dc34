'use strict';

const { inspect } = require('../../lib/header.js');
const { describeS3Object } = require('../../lib/s3-objects/describe.js');
const { messageContentLength } = require('../../lib/s3-objects/lengths.js');
const { lengthUnknown } = require('./body.js');
const { checkWhole } = require('./inputs.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

/** What is read first of a message, in bytes: most headers are shorter. */
const FIRST_READ = 4 * 1024;
/** The longest header that is looked for, in bytes. */
const MAX_HEADER = 1024 * 1024;

/**
 * Resolves to the answer of HeadObject, with what can be known of the encryption without a key as
 * `encryption`: nothing if the object is not encrypted in a way that this package reads.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of HeadObject
 * @param {AbortSignal | undefined} signal
 */
async function headObject(store, input, signal) {
  const { output, encryption } = await describeObject(store, input, signal);
  return { ...output, encryption };
}

/**
 * Returns what HeadObject answers, what can be known of the encryption, and the instruction file if there is
 * one.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} place
 * @param {AbortSignal | undefined} signal
 */
async function describeObject(store, place, signal) {
  checkWhole(place);
  const output = await store.send('HeadObjectCommand', place, signal);
  const metadata = output.Metadata ?? {};
  const { file, isS3Object } = await store.identify(place, metadata, signal);
  const encryption = isS3Object
    ? describeS3Object(metadata, file?.text, output.ContentLength)
    : await describeMessage(store, place, output, signal);
  return { output, file, encryption };
}

/**
 * @param {ObjectStore} store
 * @param {Record<string, any>} place
 * @param {{ ContentLength?: number, ETag?: string }} output
 * @param {AbortSignal | undefined} signal
 */
async function describeMessage(store, place, { ContentLength: size, ETag }, signal) {
  if (size === undefined) throw lengthUnknown();
  for (let length = FIRST_READ; size > 0; length *= 4) {
    const end = Math.min(length, size);
    const bytes = await store.storedRange(place, { ...(ETag && { ETag }), start: 0, end, signal });
    try {
      const header = inspect(bytes);
      const plaintextLength = messageContentLength(header, size);
      return { format: /** @type {const} */ ('message'), header, plaintextLength };
    } catch (error) {
      const isLonger = /** @type {any} */ (error).code === 'ERR_ENVELOPE_TRUNCATED_MESSAGE';
      if (!isLonger || end === size || end >= MAX_HEADER) return undefined;
    }
  }
  return undefined;
}

module.exports = { describeObject, headObject };
