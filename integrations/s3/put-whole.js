'use strict';

const { START_LENGTH, findWritten, writeOnce } = require('./lost-answers.js');
const { putInstructionFileAnd } = require('./put-with-file.js');

/**
 * Puts an object that is encrypted, in one request.
 *
 * @param {InstanceType<typeof import('./object-store.js').ObjectStore>} store
 * @param {Record<string, any>} input that of PutObject
 * @param {{ body: Buffer, metadata: Record<string, string>, instructionFile: string | undefined }} object
 * @param {AbortSignal | undefined} signal
 */
async function putWhole(store, input, { body, metadata, instructionFile }, signal) {
  const Metadata = { ...input.Metadata, ...metadata };
  const written = { start: body.subarray(0, START_LENGTH), length: body.length };
  const request = { ...input, Body: body, Metadata };
  const put = (/** @type {AbortSignal | undefined} */ heeded) =>
    writeOnce(
      () => store.send('PutObjectCommand', request, heeded),
      () => findWritten(store, input, written, heeded),
      heeded,
    );
  if (instructionFile === undefined) return put(signal);
  // The file first, as the object cannot be read without it.
  return putInstructionFileAnd(store, input, instructionFile, () => put(undefined), signal);
}

module.exports = { putWhole };
