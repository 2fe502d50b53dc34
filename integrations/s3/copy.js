'use strict';

const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { isFormatName } = require('../../lib/s3-objects/metadata.js');
const { describeObject } = require('./head.js');
const { checkMetadata, checkPlace, checkUnmarked, inputBeside } = require('./inputs.js');
const { CONTENT_HEADERS, tagsOf } = require('./kept.js');
const { START_LENGTH, findWritten, writeOnce } = require('./lost-answers.js');
const { MESSAGE_MARK, isMarkName, isMarkedMessage } = require('./marker.js');
const { MAX_PARTS, inParts } = require('./multipart-upload.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {import('./object-store.js').InstructionFile} InstructionFile */
/**
 * An object that is copied: its place, that as a source of copies, the answer of HeadObject, and whether it is a
 * message that does not say so.
 *
 * @typedef {Record<'from' | 'source' | 'output', Record<string, any>> & { needsMark: boolean }} Original
 */

/** How much S3 copies in one request at most, and how long the parts of a longer object are, in bytes. */
const LIMITS = { request: 5 * 1024 ** 3, part: 512 * 1024 ** 2 };

/**
 * Copies an object within S3, as it is stored, with its instruction file; resolves to the answer of
 * CopyObject, or of CompleteMultipartUpload for what is longer than S3 copies in one request.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} from its place
 * @param {Record<string, any>} to the input of CopyObject, without CopySource
 * @param {AbortSignal | undefined} signal
 * @param {typeof LIMITS} [limits]
 */
async function copyObject(store, from, to, signal, limits = LIMITS) {
  checkPlace(from);
  checkTarget(to);
  const { output, file, encryption } = await describeObject(store, from, signal);
  if (encryption === undefined) throw notEncrypted();
  const isMessage = encryption.format === 'message';
  if (!isMessage) checkUnmarked(to.Metadata);
  const needsMark = isMessage && !isMarkedMessage(output.Metadata ?? {});
  const copyOfFile = file && inputOfFile(store, file, from, to);
  const original = { from, source: sourceOf(from, output.ETag, to), output, needsMark };
  const answer =
    output.ContentLength > limits.request
      ? await copyByParts(store, original, to, { partLength: limits.part, signal })
      : await copyWhole(store, original, to, signal);
  // Only once S3 has taken the object: until then, what it replaces needs the file of before. The signal is not
  // heeded any more, as the two belong together.
  if (copyOfFile) await store.send('CopyObjectCommand', copyOfFile);
  return answer;
}

/**
 * Copies an object in one request.
 *
 * @param {ObjectStore} store
 * @param {Original} original
 * @param {Record<string, any>} to
 * @param {AbortSignal | undefined} signal
 */
async function copyWhole(store, original, to, signal) {
  const metadata = metadataOf(original, to);
  // Unless they are to be others, S3 copies the metadata itself.
  const isReplaced = to.MetadataDirective === 'REPLACE' || original.needsMark;
  const newMetadata = {
    ...headersOf(original, to),
    Metadata: metadata,
    MetadataDirective: 'REPLACE',
  };
  const input = { ...to, ...original.source, ...(isReplaced && newMetadata) };
  return writeOnce(
    () => store.send('CopyObjectCommand', input, signal),
    () => findCopy(store, original, to, metadata),
    signal,
  );
}

/**
 * Resolves to what S3 says of a copy, if it is there: it may also be one of the same object that another has made.
 *
 * @param {ObjectStore} store
 * @param {Original} original
 * @param {Record<string, any>} to
 * @param {Record<string, string>} metadata to have
 */
async function findCopy(store, { from, output: { ContentLength: length, ETag } }, to, metadata) {
  const range = { ETag, start: 0, end: Math.min(START_LENGTH, length), signal: undefined };
  const start = await store.storedRange(from, range);
  return findWritten(store, to, { start, length, metadata });
}

/**
 * Copies a long object, and what CopyObject would copy with it.
 *
 * @param {ObjectStore} store
 * @param {Original} original
 * @param {Record<string, any>} to
 * @param {{ partLength: number, signal: AbortSignal | undefined }} options
 */
async function copyByParts(store, original, to, { partLength, signal }) {
  const { from, source, output } = original;
  // Whoever may not read the tags can only replace them, as with CopyObject.
  const Tagging =
    to.TaggingDirective === 'REPLACE' ? to.Tagging : await tagsOf(store, from, signal);
  const input = { ...to, ...headersOf(original, to), Tagging: Tagging || undefined };
  const metadata = metadataOf(original, to);
  const describe = () => ({ metadata, instructionFile: undefined });
  return inParts(store, input, { describe, signal }, async (upload) => {
    await upload.send(copiedParts(source, output.ContentLength, partLength));
    const findMade = () => findCopy(store, original, to, metadata);
    return upload.complete(findMade, signal);
  });
}

/**
 * Yields the parts of a copy.
 *
 * @param {Record<string, any>} source
 * @param {number} length of the object, in bytes
 * @param {number} partLength at least, in bytes
 * @returns {Generator<import('./multipart-upload.js').Part, void>}
 */
function* copiedParts(source, length, partLength) {
  const step = Math.max(partLength, Math.ceil(length / MAX_PARTS));
  for (let start = 0; start < length; start += step) {
    const end = Math.min(start + step, length);
    // HTTP counts the last byte in.
    const fields = { ...source, CopySourceRange: `bytes=${start}-${end - 1}` };
    yield { command: 'UploadPartCopyCommand', fields, isLast: end === length };
  }
}

/** @param {Record<string, any>} to */
function checkTarget(to) {
  checkPlace(to);
  checkMetadata(to.Metadata);
  const ofSource = ['CopySource', 'CopySourceIfMatch'].find((name) => to[name] !== undefined);
  if (ofSource !== undefined)
    throw invalid(`leave out ${ofSource}: it is made of the first argument`);
  if (to.Metadata !== undefined && to.MetadataDirective !== 'REPLACE') {
    throw invalid(
      'S3 heeds Metadata only with MetadataDirective: "REPLACE"; give both, or neither',
    );
  }
}

/**
 * Returns the copy's metadata: those of the original, or the caller's and those without which it could not be
 * read. A message is marked, as an instruction file that lies beside the copy would be taken for its own.
 *
 * @param {Original} original
 * @param {Record<string, any>} to
 * @returns {Record<string, string>}
 */
function metadataOf(
  { output: { Metadata: old = {} }, needsMark },
  { MetadataDirective, Metadata },
) {
  const mark = needsMark && MESSAGE_MARK;
  if (MetadataDirective !== 'REPLACE') return { ...old, ...mark };
  const ofEncryption = Object.entries(old).filter(
    ([name]) => isFormatName(name) || isMarkName(name),
  );
  return { ...Metadata, ...Object.fromEntries(ofEncryption), ...mark };
}

/**
 * Returns the headers that S3 copies with the metadata: none where the caller gives others.
 *
 * @param {Original} original
 * @param {Record<string, any>} to
 */
function headersOf({ output }, { MetadataDirective }) {
  if (MetadataDirective === 'REPLACE') return {};
  // S3 heeds none of the caller's then.
  return Object.fromEntries(CONTENT_HEADERS.map((name) => [name, output[name]]));
}

/**
 * Returns the input that copies an instruction file; nothing if it stays where it is.
 *
 * @param {ObjectStore} store
 * @param {InstructionFile} file
 * @param {Record<string, any>} from
 * @param {Record<string, any>} to
 */
function inputOfFile(store, file, from, to) {
  if (from.VersionId !== undefined) {
    throw invalid(
      'nothing tells which version of the instruction file belongs to this version of the object; ' +
        'get it, and put it anew',
    );
  }
  // S3 refuses to copy a thing onto itself, and the file changes nothing.
  if (from.Bucket === to.Bucket && from.Key === to.Key) return undefined;
  if (to.IfMatch !== undefined) {
    throw invalid(
      'leave out IfMatch: S3 compares it with the object, but not with the instruction file beside it',
    );
  }
  return { ...inputBeside(to, store.suffix), ...sourceOf(file.place, file.output.ETag, to) };
}

/**
 * What names an object in CopyObject, as it was when it was looked at, the owner that its bucket must have, and
 * who pays for reading it.
 *
 * @param {Record<string, any>} place
 * @param {string | undefined} ETag
 * @param {Record<string, any>} to
 */
function sourceOf({ Bucket, Key, VersionId, ExpectedBucketOwner, RequestPayer }, ETag, to) {
  // An access point has an ARN in place of a name.
  const bucket = Bucket.startsWith('arn:') ? `${Bucket}/object` : Bucket;
  const path = `${bucket}/${Key}`.split('/').map(encodeURIComponent).join('/');
  const version = VersionId === undefined ? '' : `?versionId=${encodeURIComponent(VersionId)}`;
  const owner = to.ExpectedSourceBucketOwner ?? ExpectedBucketOwner;
  const payer = to.RequestPayer ?? RequestPayer;
  return {
    ...{ CopySource: path + version, CopySourceIfMatch: ETag },
    ...(owner !== undefined && { ExpectedSourceBucketOwner: owner }),
    ...(payer !== undefined && { RequestPayer: payer }),
  };
}

function notEncrypted() {
  return new EnvelopeError(
    'ERR_ENVELOPE_MALFORMED_MESSAGE',
    'the object is neither one of an S3 Encryption Client nor a message, so that the copy could not be ' +
      'read; its instruction file is missing, or it is not encrypted',
  );
}

module.exports = { copyObject };
