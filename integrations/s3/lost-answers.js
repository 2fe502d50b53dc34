'use strict';

const { throwIfAborted } = require('../../lib/calls/abort.js');
const { placeOf } = require('./inputs.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** What tells an object from all others: how it starts, as it is stored, and its length in bytes. */
/** @typedef {{ start: Buffer, length: number, metadata?: Record<string, string> }} Written */

/** As much of the start of an encrypted object tells it from all others, in bytes: each has keys of its own. */
const START_LENGTH = 64;
/** How S3 refuses to do again what it has done: the upload or the source is gone, or the condition does not hold. */
const REFUSALS = [404, 409, 412];
/** What S3 says of an object when it is written as when it is looked at. */
const OF_WRITTEN =
  /^(\$metadata|BucketKeyEnabled|Checksum.+|ETag|Expiration|RequestCharged|SSE.+|ServerSideEncryption|VersionId)$/;

/**
 * Resolves to what a request that writes an object does; or to what S3 says of that object, where it refuses the
 * request only because the client has made it before, and the answer was lost.
 *
 * @template T
 * @param {() => Promise<T>} write
 * @param {() => Promise<any>} findWritten resolves to nothing if the object is not there
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
async function writeOnce(write, findWritten, signal) {
  try {
    return await write();
  } catch (error) {
    const { attempts, httpStatusCode } = /** @type {any} */ (error)?.$metadata ?? {};
    const mayBeDone = attempts > 1 && REFUSALS.includes(httpStatusCode);
    const answer = mayBeDone && (await findWritten().catch(() => undefined));
    if (answer) return answer;
    throwIfAborted(signal);
    throw error;
  }
}

/**
 * Resolves to what S3 answers to whoever writes an object, if a place holds what was written; else to nothing.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input of the request that wrote it
 * @param {Written} written
 * @param {AbortSignal} [signal]
 * @returns {Promise<Record<string, any> | undefined>}
 */
async function findWritten(store, input, { start, length, metadata }, signal) {
  const place = placeOf(input);
  const output = await store.send('HeadObjectCommand', place, signal);
  if (output.ContentLength !== length) return undefined;
  if (metadata && !hasAll(output.Metadata, metadata)) return undefined;
  const range = { ETag: output.ETag, start: 0, end: start.length, signal };
  if (!start.equals(await store.storedRange(place, range))) return undefined;
  return Object.fromEntries(Object.entries(output).filter(([name]) => OF_WRITTEN.test(name)));
}

/**
 * @param {Record<string, string> | undefined} found
 * @param {Record<string, string>} expected
 */
function hasAll(found, expected) {
  return Object.entries(expected).every(([name, value]) => found?.[name.toLowerCase()] === value);
}

module.exports = { START_LENGTH, findWritten, writeOnce };
