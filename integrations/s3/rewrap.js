'use strict';

const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { rewrapInstructions, rewrapTarget } = require('../../lib/s3-objects/rewrap.js');
const { callOptions, checkWhole, inputBeside } = require('./inputs.js');
const { inputToKeep } = require('./kept.js');
const { findWritten, writeOnce } = require('./lost-answers.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

const OPTIONS = /** @type {const} */ ([
  'encryptionContext',
  'signal',
  'to',
  'newEncryptionContext',
]);

/**
 * Wraps the data key of an object's instruction file again, and rewrites that file, unless it was changed
 * meanwhile; resolves to the answer of PutObject. The object stays as it is.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} place of the object
 * @param {unknown} options
 */
async function rewrapInstructionFile(store, place, options) {
  checkWhole(place);
  const { encryptionContext, signal, to, newEncryptionContext } = callOptions(options, OPTIONS);
  if (store.keyring === undefined) {
    throw invalid('instruction files are of the S3 Encryption Clients; give a keyring');
  }
  if (place.VersionId !== undefined) {
    throw invalid('leave out VersionId: only the newest instruction file is rewritten');
  }
  const target = rewrapTarget(to, newEncryptionContext);
  const settings = store.readSettings(encryptionContext, signal);
  const { Metadata: metadata = {} } = await store.send('HeadObjectCommand', place, signal);
  const { file } = await store.identify(place, metadata, signal);
  if (file === undefined) throw noFile();
  const object = { metadata, instructionFile: file.text };
  const Body = await rewrapInstructions(object, settings, target);
  const properties = await inputToKeep(store, file, signal);
  const input = {
    ...properties,
    ...inputBeside(place, store.suffix),
    Body,
    IfMatch: file.output.ETag,
  };
  const bytes = Buffer.from(Body);
  return writeOnce(
    () => store.send('PutObjectCommand', input, signal),
    () => findWritten(store, input, { start: bytes, length: bytes.length }, signal),
    signal,
  );
}

function noFile() {
  return new EnvelopeError(
    'ERR_ENVELOPE_UNSUPPORTED_MESSAGE',
    'the object has no instruction file, and its own metadata cannot be changed in place; get the ' +
      'object, and put it anew',
  );
}

module.exports = { rewrapInstructionFile };
