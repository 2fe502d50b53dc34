'use strict';

const { throwIfAborted } = require('../../lib/calls/abort.js');
const { s3Commands } = require('./commands.js');
const { besideOf, placeOf } = require('./inputs.js');
const { findWritten, writeOnce } = require('./lost-answers.js');
const { SUFFIX } = require('./object-store.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

/**
 * Writes an object's instruction file, if it gets one, and then the object; resolves to what that does. What may
 * replace no object leaves no file beside one, nor beside none where S3 refuses it.
 *
 * @template T
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {string | undefined} text
 * @param {() => Promise<T>} putObject
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
async function putInstructionFileAnd(store, input, text, putObject, signal) {
  if (text === undefined) return putObject();
  const { IfNoneMatch } = input;
  if (IfNoneMatch !== undefined && (await exists(store, input, signal))) throw existsAlready();
  const beside = besideOf(input, SUFFIX);
  const file = { ...beside, IfNoneMatch, Body: text };
  const bytes = Buffer.from(text);
  const written = { start: bytes, length: bytes.length };
  const { ETag: IfMatch } = await writeOnce(
    () => store.send('PutObjectCommand', file, signal),
    () => findWritten(store, beside, written, signal),
    signal,
  );
  try {
    return await putObject();
  } catch (error) {
    const isRefused = /** @type {any} */ (error).$metadata?.httpStatusCode >= 400;
    if (IfNoneMatch !== undefined && isRefused && (await exists(store, input)) === false) {
      await store.send('DeleteObjectCommand', { ...beside, IfMatch }).catch(() => {});
    }
    throw error;
  }
}

/**
 * Returns whether an object exists; nothing where S3 does not tell.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input
 * @param {AbortSignal} [signal]
 */
async function exists(store, input, signal) {
  try {
    await store.send('HeadObjectCommand', placeOf(input), signal);
    return true;
  } catch (error) {
    throwIfAborted(signal);
    return /** @type {any} */ (error).name === 'NotFound' ? false : undefined;
  }
}

/** The error by which S3 itself refuses to replace an object. */
function existsAlready() {
  const { S3ServiceException } = s3Commands();
  const message = 'At least one of the pre-conditions you specified did not hold';
  const $metadata = { httpStatusCode: 412 };
  return new S3ServiceException({
    name: 'PreconditionFailed',
    $fault: 'client',
    message,
    $metadata,
  });
}

module.exports = { putInstructionFileAnd };
