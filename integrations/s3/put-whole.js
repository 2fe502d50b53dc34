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
  // First, as the object cannot be read without it.
  if (instructionFile !== undefined) await store.putInstructionFile(input, instructionFile, signal);
  const Metadata = { ...input.Metadata, ...metadata };
  return store.send('PutObjectCommand', { ...input, Body: body, Metadata }, signal);
}

module.exports = { putWhole };
