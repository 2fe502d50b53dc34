'use strict';

const { throwIfAborted } = require('../../lib/calls/abort.js');
const { FILE_MARK } = require('../../lib/s3-objects/metadata.js');
const { s3Commands } = require('./commands.js');
const { besideOf, inputBeside, placeOf } = require('./inputs.js');
const { inputToKeep } = require('./kept.js');
const { findWritten, writeOnce } = require('./lost-answers.js');
const { SUFFIX } = require('./object-store.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

/**
 * Writes an object's instruction file, if it gets one, and then the object; resolves to what that does. What may
 * replace no object leaves no file beside one, nor beside none where S3 refuses it; what may replace one gives its
 * file back then.
 *
 * @template T
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {string | undefined} text
 * @param {() => Promise<T>} putObject not to be ended once it has begun
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
async function putInstructionFileAnd(store, input, text, putObject, signal) {
  if (text === undefined) return putObject();
  const { IfNoneMatch } = input;
  if (IfNoneMatch !== undefined && (await exists(store, input, signal))) throw existsAlready();
  const before = IfNoneMatch === undefined ? await fileOfBefore(store, input, signal) : undefined;
  const file = { ...inputBeside(input, SUFFIX), IfNoneMatch, Metadata: FILE_MARK, Body: text };
  throwIfAborted(signal);
  // From here on the signal is not heeded, as the two belong together: an object of before could not be read.
  const { ETag: IfMatch } = await putFile(store, input, file);
  try {
    return await putObject();
  } catch (error) {
    const { attempts, httpStatusCode: status } = /** @type {any} */ (error)?.$metadata ?? {};
    if (IfNoneMatch !== undefined && status >= 400 && (await exists(store, input)) === false) {
      const condition = { ...besideOf(input, SUFFIX), IfMatch };
      await store.send('DeleteObjectCommand', condition).catch(() => {});
    }
    // An earlier attempt may have been heard.
    if (before && status >= 400 && status < 500 && attempts === 1) {
      const restored = { ...inputBeside(input, SUFFIX), ...before, IfMatch };
      await store.send('PutObjectCommand', restored).catch(() => {});
    }
    throw error;
  }
}

/**
 * Returns the input that writes an instruction file as it is; nothing if there is none, or it cannot be read.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {AbortSignal | undefined} signal
 */
async function fileOfBefore(store, input, signal) {
  try {
    const file = await store.instructionFile(input, signal, SUFFIX);
    return file && { ...(await inputToKeep(store, file, signal)), Body: file.text };
  } catch {
    return undefined;
  }
}

/**
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {Record<string, any>} file the same of the instruction file
 */
async function putFile(store, input, file) {
  const bytes = Buffer.from(file.Body);
  const written = { start: bytes, length: bytes.length };
  try {
    return await writeOnce(
      () => store.send('PutObjectCommand', file),
      () => findWritten(store, file, written),
    );
  } catch (error) {
    const isThere = /** @type {any} */ (error)?.$metadata?.httpStatusCode === 412;
    // The other writer's object may be on its way: with another file beside it, it could not be read.
    if (isThere && (await exists(store, input)) === false) throw fileExistsAlready();
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
  const message = 'At least one of the pre-conditions you specified did not hold';
  return refusal('PreconditionFailed', 412, message);
}

/** The error by which S3 itself tells that another write is under way. */
function fileExistsAlready() {
  const message =
    'there is an instruction file, but no object beside it: either another put is under way, or one has broken ' +
    'off; if so, call `delete` with the place of the object, and put it again';
  return refusal('ConditionalRequestConflict', 409, message);
}

/**
 * @param {string} name
 * @param {number} httpStatusCode
 * @param {string} message
 */
function refusal(name, httpStatusCode, message) {
  const { S3ServiceException } = s3Commands();
  const $metadata = { httpStatusCode };
  return new S3ServiceException({ name, $fault: 'client', message, $metadata });
}

module.exports = { putInstructionFileAnd };
