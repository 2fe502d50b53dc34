'use strict';

const { Readable, isErrored, isReadable } = require('node:stream');

const { hasFunction } = require('../../lib/input/functions.js');
const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { encryptS3Object } = require('../../lib/s3-objects/write.js');
const { streamEncryption } = require('../../lib/s3-objects/write-stream.js');
const { callOptions, checkPut, checkUnmarked } = require('./inputs.js');
const { MESSAGE_MARK } = require('./marker.js');
const { putWhole } = require('./put-whole.js');
const { uploadStream } = require('./upload.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */

const OPTIONS = /** @type {const} */ ([
  'encryptionContext',
  'signal',
  'format',
  'storage',
  'partLength',
]);
/** What goes beside a message of this package. */
const OF_MESSAGE = { metadata: MESSAGE_MARK, instructionFile: undefined };
const MEBIBYTE = 1024 * 1024;
/** How long a part is, in bytes, unless told otherwise: a longest object has 8,192 parts of S3's 10,000. */
const PART_LENGTH = 8 * MEBIBYTE;
const MIN_PART_LENGTH = 5 * MEBIBYTE;
const MAX_PART_LENGTH = 1024 * MEBIBYTE;

/**
 * Encrypts a body and puts it; resolves to S3's answer.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} input that of PutObject
 * @param {unknown} options
 */
async function putObject(store, input, options) {
  checkPut(input);
  if (store.keyring !== undefined) checkUnmarked(input.Metadata);
  const { partLength: length, ...checkedOptions } = callOptions(options, OPTIONS);
  if (
    store.keyring === undefined &&
    (checkedOptions.format ?? checkedOptions.storage) !== undefined
  ) {
    throw invalid(
      'format and storage are for objects of the S3 Encryption Clients; give a keyring',
    );
  }
  if (checkedOptions.storage === 'instructionFile' && input.IfMatch !== undefined) {
    throw invalid(
      'leave out IfMatch: the instruction file is written before S3 compares it with the object',
    );
  }
  const partLength = partLengthOf(length);
  if (hasFunction(input.Body, Symbol.asyncIterator)) {
    checkUnread(input.Body);
    const encryption = encryptionOf(store, checkedOptions);
    return uploadStream(store, input, { ...encryption, partLength, signal: checkedOptions.signal });
  }
  const data = args.bytes(input.Body, 'Body, unless it is a stream,');
  if (store.keyring !== undefined) {
    const object = await encryptS3Object(data, writeOptions(store, checkedOptions));
    return putWhole(store, input, object, checkedOptions.signal);
  }
  const { encryptionContext, signal } = checkedOptions;
  const body = await store.envelope.encrypt(data, { encryptionContext, signal });
  return putWhole(store, input, { body, ...OF_MESSAGE }, signal);
}

/**
 * Throws for a stream, of Node.js or of the Web, that has nothing to give any more: an empty object would be put.
 *
 * @param {any} body
 */
function checkUnread(body) {
  // A stream that failed rejects by itself, with its own reason.
  if (!Readable.isDisturbed(body) || isReadable(body) || isErrored(body)) return;
  throw invalid(
    'Body is a stream that was read to its end or closed already; give one that nobody else reads',
  );
}

/** @param {unknown} value the option `partLength` */
function partLengthOf(value) {
  return args.optionalInteger(value, 'partLength', MIN_PART_LENGTH, MAX_PART_LENGTH) ?? PART_LENGTH;
}

/**
 * What encrypts the chunks of a stream, and says what goes beside them.
 *
 * @param {ObjectStore} store
 * @param {Record<string, any>} options
 */
function encryptionOf(store, options) {
  if (store.keyring !== undefined) return streamEncryption(writeOptions(store, options));
  const { encryptionContext, signal } = options;
  return {
    encrypt: store.envelope.encryptStream({ encryptionContext, signal }),
    describe: () => OF_MESSAGE,
  };
}

/**
 * @param {ObjectStore} store
 * @param {Record<string, any>} options
 */
function writeOptions({ keyring, policy: { commitmentPolicy } }, options) {
  const { encryptionContext, format, storage, signal } = options;
  return { keyring, commitmentPolicy, encryptionContext, format, storage, signal };
}

module.exports = { PART_LENGTH, encryptionOf, partLengthOf, putObject };
