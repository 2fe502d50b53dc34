'use strict';

const { contentLength } = require('./lengths.js');
const { FORMAT_PAIRS, parseMetadata } = require('./metadata.js');

const PLAINTEXT_LENGTH = 'x-amz-unencrypted-content-length';
/** The wrapping algorithms that bind a data key to no content algorithm; V1 has no other. */
const LEGACY_WRAPPING = ['kms', 'AESWrap', 'RSA/ECB/OAEPWithSHA-256AndMGF1Padding'];
const AES_CBC = 'AES/CBC/PKCS5Padding';
/** The number of the committing algorithm, and its name. */
const COMMITTING = { number: '115', name: 'ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY' };

/**
 * Returns what the metadata of an object of an S3 Encryption Client say, parsed and checked; nothing of it is
 * authenticated.
 *
 * @param {Record<string, string>} metadata
 * @param {unknown} instructionFile
 * @param {number | undefined} bodyLength
 */
function describeS3Object(metadata, instructionFile, bodyLength) {
  const parsed = parseMetadata(metadata, instructionFile);
  const { format, contentAlgorithm, wrappingAlgorithm } = parsed;
  const pairs = /** @type {[string, string][]} */ (parsed.description);
  const isBound = wrappingAlgorithm === 'kms+context';
  const hasTag = contentAlgorithm !== AES_CBC;
  return {
    format: /** @type {'V1' | 'V2' | 'V3'} */ (format),
    contentAlgorithm: contentAlgorithm === COMMITTING.number ? COMMITTING.name : contentAlgorithm,
    // V1 has no names for its ways.
    wrappingAlgorithm: format === 'V1' ? undefined : wrappingAlgorithm,
    encryptionContext: isBound ? Object.fromEntries(pairs.filter(isCallers)) : undefined,
    description: isBound ? undefined : Object.fromEntries(pairs),
    storage: /** @type {'metadata' | 'instructionFile'} */ (
      instructionFile === undefined ? 'metadata' : 'instructionFile'
    ),
    requires: requiredOptions(parsed),
    plaintextLength: contentLength(bodyLength, hasTag, valueOf(metadata, PLAINTEXT_LENGTH)),
  };
}

/**
 * Returns the options without which the object is refused; none for V3.
 *
 * @param {{ format: string, contentAlgorithm: string, wrappingAlgorithm: string }} parsed
 */
function requiredOptions({ format, contentAlgorithm, wrappingAlgorithm }) {
  const isLegacy = format === 'V1' || LEGACY_WRAPPING.includes(wrappingAlgorithm);
  return {
    ...(format !== 'V3' && {
      commitmentPolicy: /** @type {const} */ ('requireEncryptAllowDecrypt'),
    }),
    ...(isLegacy && { legacyWrapping: /** @type {const} */ (true) }),
    ...(contentAlgorithm === AES_CBC && { legacyContent: /** @type {const} */ (true) }),
  };
}

/** @param {[string, string]} pair */
function isCallers([name]) {
  return !FORMAT_PAIRS.includes(name);
}

/**
 * @param {Record<string, string>} metadata
 * @param {string} wanted
 */
function valueOf(metadata, wanted) {
  return Object.entries(metadata).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

module.exports = { describeS3Object };
