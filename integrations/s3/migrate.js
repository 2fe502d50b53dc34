'use strict';

const { EnvelopeError, invalid } = require('../../lib/errors.js');
const args = require('../../lib/input/index.js');
const { isFormatName } = require('../../lib/s3-objects/metadata.js');
const { destroyOnFailure } = require('./body.js');
const { describeObject } = require('./head.js');
const { callOptions, checkWhole } = require('./inputs.js');
const { removeInstructionFile, staleInstructionFile } = require('./instruction-files.js');
const { KEPT, propertiesOf, tagsOf } = require('./kept.js');
const { findWritten } = require('./lost-answers.js');
const { isMarkName } = require('./marker.js');
const { checkedEncryption } = require('./migrate-check.js');
const { contextsOf, openSource } = require('./migrate-source.js');
const { partLengthOf } = require('./put.js');
const { uploadStream } = require('./upload.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {Awaited<ReturnType<typeof describeObject>>} Found */
/** @typedef {{ dryRun: boolean, partLength: number, signal: AbortSignal | undefined }} Settings */

const OPTIONS = /** @type {const} */ ([
  'encryptionContext',
  'newEncryptionContext',
  'to',
  'dryRun',
  'partLength',
  'signal',
]);
/** How often an object is taken again that others write meanwhile. */
const ATTEMPTS = 3;
/** How S3 answers where a condition did not hold, or another write was under way. */
const CONFLICTS = ['PreconditionFailed', 'ConditionalRequestConflict'];

/**
 * Encrypts an object of an old format anew, and puts it into its place: only if all of the old one has
 * verified, the new one can be read back, and nobody has written to the place meanwhile.
 *
 * @param {ObjectStore} store reads the object
 * @param {Record<string, any>} place
 * @param {unknown} options
 * @param {(value: unknown) => ObjectStore} storeOf what `to` holds
 */
async function migrateObject(store, place, options, storeOf) {
  checkWhole(place);
  const checkedOptions = callOptions(options, OPTIONS);
  const target = checkedOptions.to === undefined ? store : storeOf(checkedOptions.to);
  const to = formatOf(target);
  const settings = {
    dryRun: args.optionalBoolean(checkedOptions.dryRun, 'dryRun') ?? false,
    partLength: partLengthOf(checkedOptions.partLength),
    signal: checkedOptions.signal,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await migrateOnce({ store, target, to }, place, checkedOptions, settings);
    } catch (error) {
      const { name, $metadata } = /** @type {any} */ (error);
      const isRaced = CONFLICTS.includes(name) || $metadata?.httpStatusCode === 412;
      if (!isRaced || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * @param {{ store: ObjectStore, target: ObjectStore, to: 'V3' | 'message' }} sides
 * @param {Record<string, any>} place
 * @param {Record<string, any>} options
 * @param {Settings} settings
 */
async function migrateOnce({ store, target, to }, place, options, settings) {
  const { signal, dryRun } = settings;
  const { VersionId, ...newest } = place;
  const stale = await staleInstructionFile(store, newest, signal);
  if (stale) {
    if (stale.isStale && !dryRun) await removeInstructionFile(store, stale.file, signal);
    return { status: stale.isStale ? 'removed' : 'instructionFile', to };
  }
  const found = await describeObject(store, newest, signal);
  if (VersionId !== undefined && VersionId !== found.output.VersionId) {
    return { status: 'superseded', to };
  }
  if (found.encryption === undefined) throw notEncrypted();
  const { format: from, plaintextLength } = found.encryption;
  if (from === to) return { status: 'unchanged', from, to, plaintextLength };
  const contexts = contextsOf(found.encryption, options);
  const open = () => openSource(store, newest, found, contexts.old, signal);
  if (dryRun) {
    const length = await drain(await open());
    return { status: 'checked', from, to, plaintextLength: length };
  }
  const properties = await keptOf(store, newest, found.output, signal);
  const source = await open();
  const length = await destroyOnFailure(source, async () => {
    const encryption = checkedEncryption(target, { context: contexts.new, signal });
    const { encrypt, describe } = encryption;
    const input = { ...newest, ...properties, Body: source };
    const upload = { encrypt, describe, partLength: settings.partLength, signal };
    try {
      await uploadStream(target, input, upload);
    } catch (error) {
      // The answer of S3 may have been lost, however this failed.
      const { isWhole, ...written } = encryption.written;
      const isThere = isWhole && (await findWritten(store, newest, written).catch(() => undefined));
      if (!isThere) throw error;
    }
    return encryption.length();
  });
  if (found.file) await removeInstructionFile(store, found.file);
  return { status: 'migrated', from, to, plaintextLength: length };
}

/**
 * What a store writes.
 *
 * @param {ObjectStore} target
 */
function formatOf({ keyring, policy }) {
  if (keyring === undefined) return 'message';
  if (policy.commitmentPolicy !== 'forbidEncryptAllowDecrypt') return 'V3';
  throw invalid('objects are migrated to V3 or to messages, but the commitment policy forbids V3');
}

/**
 * What the new object has in common with the old one, and the condition that the old one is still there.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} place
 * @param {Record<string, any>} output of HeadObject
 * @param {AbortSignal | undefined} signal
 */
async function keptOf(store, place, output, signal) {
  const metadata = Object.entries(output.Metadata ?? {}).filter(
    ([name]) => !isFormatName(name) && !isMarkName(name),
  );
  return {
    ...propertiesOf(output, KEPT),
    // S3 counts the tags only for those who may read them.
    ...(output.TagCount > 0 && { Tagging: await tagsOf(store, place, signal) }),
    Metadata: Object.fromEntries(metadata),
    IfMatch: output.ETag,
  };
}

/**
 * Reads a stream to its end; resolves to its length in bytes.
 *
 * @param {AsyncIterable<Uint8Array>} source
 */
async function drain(source) {
  let length = 0;
  for await (const chunk of source) length += chunk.length;
  return length;
}

function notEncrypted() {
  return new EnvelopeError(
    'ERR_ENVELOPE_MALFORMED_MESSAGE',
    'the object is neither one of an S3 Encryption Client nor a message: it is not encrypted, or its ' +
      'instruction file is missing',
  );
}

module.exports = { migrateObject };
