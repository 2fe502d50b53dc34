'use strict';

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
  const put = () => store.send('PutObjectCommand', { ...input, Body: body, Metadata }, signal);
  // The file first, as the object cannot be read without it.
  return store.putInstructionFileAnd(input, instructionFile, put, signal);
}

module.exports = { putWhole };
