'use strict';

const { Readable, pipeline } = require('node:stream');

const { decryptInPlace, openObject } = require('../../lib/s3-objects/read.js');
const { verifiedStream } = require('../../lib/s3-objects/stream.js');
const { collect, destroyOnFailure } = require('./body.js');
const { needsEnvelope, needsKeyring } = require('./object-store.js');
const { PART_LENGTH } = require('./put.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {import('./migrate.js').Found} Found */
/** @typedef {NonNullable<Found['encryption']>} Encryption */

/** In place of pairs: those that the object names itself. */
const ANY = 'any';
/** How the pairs begin that a message's format adds to its encryption context. */
const OF_FORMAT = 'aws-crypto-';

/**
 * Returns the encryption context to read an object with, and that of its successor: given as pairs, as those
 * that the object names, or as a function that is told what the object says of itself.
 *
 * @param {Encryption} encryption
 * @param {Record<string, any>} given
 */
function contextsOf(encryption, { encryptionContext, newEncryptionContext }) {
  const isMessage = encryption.format === 'message';
  const named = isMessage ? ownPairs(encryption.header) : encryption.encryptionContext;
  const resolved = (/** @type {any} */ value) => {
    if (value === ANY) return named;
    return typeof value === 'function' ? value(encryption) : value;
  };
  const old = resolved(encryptionContext);
  return { old, new: resolved(newEncryptionContext) ?? (isMessage ? named : old) };
}

/** @param {import('../../index').MessageHeader} header */
function ownPairs({ encryptionContext }) {
  const pairs = Object.entries(encryptionContext);
  return Object.fromEntries(pairs.filter(([name]) => !name.startsWith(OF_FORMAT)));
}

/**
 * Returns a stream of the plaintext of an object that was looked at, unless it is another one by now. It
 * ends only if all has verified; of an object of an S3 Encryption Client, it begins only then.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} place
 * @param {Found} found
 * @param {any} context
 * @param {AbortSignal | undefined} signal
 */
async function openSource(store, place, { output: head, file, encryption }, context, signal) {
  const isMessage = encryption?.format === 'message';
  if (isMessage && store.envelope === undefined) {
    throw needsEnvelope();
  }
  if (!isMessage && store.keyring === undefined) {
    throw needsKeyring();
  }
  if (isMessage)
    return decryptedMessage(store, storedParts(store, place, head, signal), context, signal);
  const settings = store.readSettings(context, signal);
  const input = { ...place, IfMatch: head.ETag };
  const output = await store.send('GetObjectCommand', input, signal);
  return destroyOnFailure(output.Body, async () => {
    const reader = await openObject(output.Metadata ?? {}, file?.text, settings);
    // Also if S3 does not tell it.
    if (!(output.ContentLength <= PART_LENGTH)) {
      return (await verifiedStream(reader, output.Body, signal)).stream;
    }
    const limit = { most: PART_LENGTH, name: 'the object', instead: 'what HeadObject tells' };
    const stored = await collect(output.Body, { ...limit, signal });
    return Readable.from([await decryptInPlace(reader, stored, signal)]);
  });
}

/**
 * Yields a stored object part by part. Between them no connection is held: the upload of the new object needs
 * some, and many migrations at a time would wait for each other for ever.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} place
 * @param {Record<string, any>} head the answer of HeadObject
 * @param {AbortSignal | undefined} signal
 */
async function* storedParts(store, place, { ContentLength: length, ETag }, signal) {
  for (let start = 0; start < length; start += PART_LENGTH) {
    const end = Math.min(start + PART_LENGTH, length);
    yield await store.storedRange(place, { ETag, start, end, signal });
  }
}

/**
 * @param {ObjectStore} store
 * @param {AsyncIterable<Uint8Array>} body
 * @param {any} encryptionContext
 * @param {AbortSignal | undefined} signal
 */
function decryptedMessage(store, body, encryptionContext, signal) {
  // Nothing of it is visible before its end, with the signature, has verified.
  const signed = 'release-before-verified';
  const decrypt = store.envelope.decryptStream({ encryptionContext, signal, signed });
  return pipeline(Readable.from(body), decrypt, () => {});
}

module.exports = { contextsOf, openSource };
