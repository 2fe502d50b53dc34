'use strict';

const { isProxy } = require('node:util').types;

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { kind } = require('../../lib/input/kind.js');
const { isFormatName } = require('../../lib/s3-objects/metadata.js');
const { isMarkName } = require('./marker.js');

/** What tells the length or a checksum of the plaintext, where S3 expects those of what is stored. */
const OF_THE_PLAINTEXT = /^(ContentLength|ContentMD5|Checksum(?!Algorithm$|Type$).+)$/;
/** What goes for an instruction file as for its object. */
const SHARED = ['ExpectedBucketOwner', 'RequestPayer'];
/** What whoever writes both gives for the two of them: who may read them, how they are encrypted at rest, and more. */
const SHARED_IN_WRITING = [
  ...SHARED,
  'ACL',
  'BucketKeyEnabled',
  'GrantFullControl',
  'GrantRead',
  'GrantReadACP',
  'GrantWriteACP',
  'ObjectLockLegalHoldStatus',
  'ObjectLockMode',
  'ObjectLockRetainUntilDate',
  'SSEKMSEncryptionContext',
  'SSEKMSKeyId',
  'ServerSideEncryption',
  'Tagging',
  'TaggingDirective',
];
/** What S3 must be told whenever it is asked for an object that it encrypts with a key of the caller's. */
const CUSTOMER_KEY = ['SSECustomerAlgorithm', 'SSECustomerKey', 'SSECustomerKeyMD5'];

/**
 * Throws unless the input of a command names an object.
 *
 * @param {unknown} input
 */
function checkPlace(input) {
  const names = /** @type {const} */ (['Bucket', 'Key']);
  for (const name of names) args.string(/** @type {any} */ (plainInput(input))[name], name);
}

/** @param {unknown} input */
function plainInput(input) {
  if (typeof input === 'object' && input !== null && !isProxy(input)) return input;
  throw invalid(`give the input of the command, such as { Bucket, Key }, not ${kind(input)}`);
}

/**
 * Throws for what PutObject takes, but what cannot be right for an encrypted object.
 *
 * @param {Record<string, any>} input
 */
function checkPut(input) {
  checkPlace(input);
  checkMetadata(input.Metadata);
  const wrong = Object.keys(input).find(
    (name) => OF_THE_PLAINTEXT.test(name) && input[name] !== undefined,
  );
  if (wrong === undefined) return;
  throw invalid(`leave out ${wrong}: S3 would compare it with the encrypted body`);
}

/**
 * Throws for metadata that would be taken for the format's.
 *
 * @param {Record<string, string> | undefined} metadata the caller's
 */
function checkMetadata(metadata) {
  if (!Object.keys(metadata ?? {}).some(isFormatName)) return;
  throw invalid('Metadata must have no name that starts with "x-amz-": those are the format’s');
}

/**
 * Throws for metadata by which an object that is no message would be taken for one.
 *
 * @param {Record<string, string> | undefined} metadata the caller's
 */
function checkUnmarked(metadata) {
  const mark = Object.keys(metadata ?? {}).find(isMarkName);
  if (mark === undefined) return;
  throw invalid(`leave out the metadata "${mark}": it marks messages, and the object is none`);
}

/**
 * Throws for an input that asks for a part of an object, of which nothing could be verified.
 *
 * @param {Record<string, any>} input
 */
function checkWhole(input) {
  checkPlace(input);
  const part = ['Range', 'PartNumber'].find((name) => input[name] !== undefined);
  if (part === undefined) return;
  throw invalid(
    `${part} would give bytes that nothing verifies; get the whole object, or use the option range`,
  );
}

/**
 * Returns each option that was given, the signal checked.
 *
 * @param {unknown} options
 * @param {readonly string[]} known
 * @returns {Record<string, any>}
 */
function callOptions(options, known) {
  const checkedOptions = args.options(options, known);
  return { ...checkedOptions, signal: args.abortSignal(checkedOptions.signal) };
}

/**
 * Returns the place of an object's instruction file.
 *
 * @param {Record<string, any>} place of the object
 * @param {string} suffix
 * @returns {Record<string, any>}
 */
function besideOf(place, suffix) {
  return { ...pick(place, ['Bucket', ...SHARED]), Key: place.Key + suffix };
}

/**
 * Returns the place of an object's instruction file, and what goes for that file as for the object when both are
 * written.
 *
 * @param {Record<string, any>} input of the command that writes the object
 * @param {string} suffix
 * @returns {Record<string, any>}
 */
function inputBeside(input, suffix) {
  return { ...pick(input, ['Bucket', ...SHARED_IN_WRITING]), Key: input.Key + suffix };
}

/**
 * Returns the place of an object, and what else whoever reads it there must say.
 *
 * @param {Record<string, any>} input of a command that writes it
 * @returns {Record<string, any>}
 */
function placeOf(input) {
  return pick(input, ['Bucket', 'Key', ...SHARED, ...CUSTOMER_KEY]);
}

/**
 * @param {Record<string, any>} input
 * @param {readonly string[]} names
 */
function pick(input, names) {
  const present = names.filter((name) => input[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, input[name]]));
}

module.exports = {
  besideOf,
  callOptions,
  checkMetadata,
  checkPlace,
  checkPut,
  checkUnmarked,
  checkWhole,
  inputBeside,
  placeOf,
};
