'use strict';

const { throwIfAborted } = require('../../lib/calls/abort.js');
const { isFormatName } = require('../../lib/s3-objects/metadata.js');
const { describeObject } = require('./head.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {import('./object-store.js').InstructionFile} InstructionFile */

/**
 * Returns whether the object of an instruction file does without it by now, and the file; nothing if the place
 * holds no instruction file.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} place
 * @param {AbortSignal | undefined} signal
 */
async function staleInstructionFile(store, place, signal) {
  const suffix = store.suffixes().find((each) => place.Key.endsWith(each));
  if (suffix === undefined || suffix === place.Key) return undefined;
  const base = { ...place, Key: place.Key.slice(0, -suffix.length) };
  const file = await store.instructionFile(base, signal, suffix).catch((error) => {
    // An object that only has such a name.
    if (error.code === 'ERR_ENVELOPE_LIMIT_EXCEEDED') return undefined;
    throw error;
  });
  if (file === undefined || !isInstructionText(file.text)) return undefined;
  const found = await describeObject(store, base, signal).catch((error) => {
    throwIfAborted(signal);
    if (error.name === 'NotFound' || error.code !== undefined) return undefined;
    throw error;
  });
  // Where its object cannot be told, or is not there, the file stays; so does one that is newer than the object,
  // as a put writes the file first, and the object that belongs to it may be on its way.
  const isOlder = !(file.output.LastModified > found?.output.LastModified);
  const isStale = found?.encryption !== undefined && found.file === undefined && isOlder;
  return { file, isStale };
}

/**
 * Deletes an instruction file, unless another has written it meanwhile.
 *
 * @param {ObjectStore} store
 * @param {InstructionFile} file
 * @param {AbortSignal} [signal]
 */
async function removeInstructionFile(store, { place, output }, signal) {
  try {
    const condition = { IfMatch: output.ETag };
    await store.send('DeleteObjectCommand', { ...place, ...condition }, signal);
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    if (!['PreconditionFailed', 'NoSuchKey'].includes(name)) throw error;
  }
}

/** @param {Buffer} text */
function isInstructionText(text) {
  try {
    const names = Object.keys(JSON.parse(text.toString('utf8')));
    return names.length > 0 && names.every(isFormatName);
  } catch {
    return false;
  }
}

module.exports = { removeInstructionFile, staleInstructionFile };
