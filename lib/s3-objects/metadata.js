'use strict';

const { isUint8Array } = require('node:util').types;

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { invalid, native } = require('../errors.js');
const { kind } = require('../input/kind.js');

/** The prefix of all names of the S3 Encryption Clients. */
const PREFIX = 'x-amz-';
/** What the user metadata of an instruction file say, so that clients take it for one. */
const FILE_MARK = { 'x-amz-crypto-instr-file': '' };
/** The pairs of an encryption context that are the format's, and not the caller's. */
const FORMAT_PAIRS = ['aws:x-amz-cek-alg', 'kms_cmk_id'];

/**
 * Returns whether an object with this metadata may be one of an S3 Encryption Client: it has metadata of
 * theirs, other than those of an instruction file.
 *
 * @param {Record<string, string>} metadata
 */
function isS3Object(metadata) {
  const isOfFile = (/** @type {string} */ name) => Object.hasOwn(FILE_MARK, name.toLowerCase());
  return Object.keys(metadata).some((name) => isFormatName(name) && !isOfFile(name));
}

/**
 * Returns whether metadata of this name belong to the formats of the S3 Encryption Clients.
 *
 * @param {string} name
 */
function isFormatName(name) {
  return name.toLowerCase().startsWith(PREFIX);
}

/**
 * Returns whether an object with this metadata has its data key in an instruction file.
 *
 * @param {Record<string, string>} metadata
 */
function needsInstructionFile(metadata) {
  return binding.S3ObjectMetadata.needsInstructionFile(Object.keys(metadata));
}

/**
 * Returns what the metadata of an object say, and its instruction file if it has one: parsed and checked.
 *
 * @param {unknown} metadata
 * @param {unknown} instructionFile
 */
function parseMetadata(metadata, instructionFile) {
  const pairs = args.flattenContext(metadata, 'metadata');
  const file = instructionText(instructionFile);
  return native(() => binding.S3ObjectMetadata.parse(pairs, file));
}

/**
 * Returns the text of an instruction file: given as text, as bytes, or as an object of strings.
 *
 * @param {unknown} file
 * @returns {string | undefined}
 */
function instructionText(file) {
  if (file === undefined || file === null) return undefined;
  if (typeof file === 'string') return file;
  if (isUint8Array(file)) return decodeUtf8(args.byteArray(file, 'instructionFile'));
  if (typeof file === 'object') {
    return JSON.stringify(fromFlat(args.flattenContext(file, 'instructionFile')));
  }
  throw invalid(`instructionFile must be its text, its bytes or an object, not ${kind(file)}`);
}

/**
 * @param {string[]} flat names and values in turn
 * @returns {Record<string, string>}
 */
function fromFlat(flat) {
  const pairs = flat.flatMap((name, i) =>
    i % 2 === 0 ? [[name, /** @type {string} */ (flat[i + 1])]] : [],
  );
  return Object.fromEntries(pairs);
}

/** @param {Uint8Array} bytes */
function decodeUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('instructionFile is not UTF-8');
  }
}

module.exports = {
  FILE_MARK,
  FORMAT_PAIRS,
  instructionText,
  isFormatName,
  isS3Object,
  needsInstructionFile,
  parseMetadata,
};
