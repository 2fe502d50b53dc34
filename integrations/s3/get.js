'use strict';

const { Readable, pipeline } = require('node:stream');

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { decryptInPlace, openObject } = require('../../lib/s3-objects/read.js');
const { verifiedStream } = require('../../lib/s3-objects/stream.js');
const { collect, destroy, destroyOnFailure } = require('./body.js');
const { callOptions, checkWhole } = require('./inputs.js');
const { mayHaveInstructionFile } = require('./object-store.js');
const { getRange } = require('./ranges.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

const STREAM_OPTIONS = /** @type {const} */ (['encryptionContext', 'signal']);
const OPTIONS = /** @type {const} */ ([...STREAM_OPTIONS, 'range', 'unauthenticatedRange']);
/** The longest body that is held while an instruction file is looked for, in bytes. */
const MOST_HELD = 1024 * 1024;

/**
 * Resolves to the answer of GetObject, with the plaintext as `body`, once all of it has verified; or to that
 * of HeadObject, with a range of the plaintext.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of GetObject
 * @param {unknown} options
 */
async function getObject(store, input, options) {
  checkWhole(input);
  const { range, unauthenticatedRange, ...call } = callOptions(options, OPTIONS);
  if (range !== undefined && unauthenticatedRange !== undefined) {
    throw invalid('give range or unauthenticatedRange, not both');
  }
  if (range !== undefined) return getRange(store, input, range, true, call);
  if (unauthenticatedRange !== undefined) {
    return getRange(store, input, unauthenticatedRange, false, call);
  }
  const { encryptionContext, signal } = call;
  const { output, reader } = await open(store, input, call);
  const stored = await collect(output.Body, {
    ...{ most: store.maxBufferLength, name: 'the object', instead: 'getStream', signal },
  });
  const body = reader
    ? await decryptInPlace(reader, stored, signal)
    : await store.envelope.decrypt(stored, { encryptionContext, signal });
  return { ...output, Body: undefined, body };
}

/**
 * Resolves to the answer of GetObject, with a stream of the plaintext as `stream`.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of GetObject
 * @param {unknown} options
 */
async function getObjectStream(store, input, options) {
  checkWhole(input);
  const call = callOptions(options, STREAM_OPTIONS);
  const { encryptionContext, signal } = call;
  const { output, reader } = await open(store, input, call);
  return destroyOnFailure(output.Body, async () => {
    if (reader) {
      const { stream, length } = await verifiedStream(reader, output.Body, signal);
      return { ...output, Body: undefined, stream, length };
    }
    const decrypt = store.envelope.decryptStream({ encryptionContext, signal });
    // Who ends the one ends the other; whoever reads the stream is told why.
    const stream = pipeline(output.Body, decrypt, () => {});
    return { ...output, Body: undefined, stream };
  });
}

/**
 * Gets an object; its reader is missing if it is a message.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input
 * @param {Record<string, any>} call
 */
async function open(store, input, { encryptionContext, signal }) {
  if (store.keyring === undefined) {
    // Before S3 sends a body that nobody would end.
    args.flattenContext(encryptionContext);
    const output = await store.send('GetObjectCommand', input, signal);
    return destroyOnFailure(output.Body, async () => {
      store.checkReadable(output.Metadata ?? {});
      return { output, reader: undefined };
    });
  }
  const settings = store.readSettings(encryptionContext, signal);
  const first = await store.send('GetObjectCommand', input, signal);
  const { output, file, isS3Object } = await destroyOnFailure(first.Body, () =>
    identified(store, input, first, signal),
  );
  return destroyOnFailure(output.Body, async () => {
    if (store.envelope && !isS3Object) return { output, reader: undefined };
    const metadata = output.Metadata ?? {};
    return { output, reader: await openObject(metadata, file?.text, settings) };
  });
}

/**
 * Tells whether an object that is being got is one of an S3 Encryption Client, with its instruction file if it
 * needs one.
 *
 * The request for that file needs a connection, of which a client has 50. If 50 calls held one each for their
 * bodies meanwhile, all would wait for ever: so a short body is read before, and a long one asked for again.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input
 * @param {Record<string, any>} output
 * @param {AbortSignal | undefined} signal
 */
async function identified(store, input, output, signal) {
  const metadata = output.Metadata ?? {};
  store.checkReadable(metadata);
  const identify = () => store.identify(input, metadata, signal);
  if (!mayHaveInstructionFile(metadata)) return { output, ...(await identify()) };
  // Also if S3 does not tell it.
  if (!(output.ContentLength <= MOST_HELD)) {
    destroy(output.Body);
    const identity = await identify();
    const condition = { IfMatch: output.ETag };
    const again = await store.send('GetObjectCommand', { ...input, ...condition }, signal);
    return { output: again, ...identity };
  }
  const limit = { most: MOST_HELD, name: 'the object', instead: 'a store that tells lengths' };
  const bytes = await collect(output.Body, { ...limit, signal });
  return { output: { ...output, Body: Readable.from([bytes]) }, ...(await identify()) };
}

module.exports = { getObject, getObjectStream, open };
