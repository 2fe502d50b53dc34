'use strict';

const binding = require('../native/load.js');

/** The prefix of all names of the S3 Encryption Clients. */
const PREFIX = 'x-amz-';

/**
 * Returns whether an object with this metadata may be one of an S3 Encryption Client: it has metadata of
 * theirs.
 *
 * @param {Record<string, string>} metadata
 */
function isS3Object(metadata) {
  return Object.keys(metadata).some((name) => name.toLowerCase().startsWith(PREFIX));
}

/**
 * Returns whether an object with this metadata has its data key in an instruction file.
 *
 * @param {Record<string, string>} metadata
 */
function needsInstructionFile(metadata) {
  return binding.S3ObjectMetadata.needsInstructionFile(Object.keys(metadata));
}

module.exports = { isS3Object, needsInstructionFile };
