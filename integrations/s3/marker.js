'use strict';

const { isS3Object } = require('../../lib/s3-objects/metadata.js');

/** What the user metadata of a message of this package say, so that no instruction file is looked for. */
const MESSAGE_MARK = { 'kms-envelope': 'message' };

/**
 * Returns whether the metadata say that an object is a message of this package, and nothing else of it.
 *
 * @param {Record<string, string>} metadata
 */
function isMarkedMessage(metadata) {
  const isMarked = Object.entries(MESSAGE_MARK).every(([name, value]) => metadata[name] === value);
  return isMarked && !isS3Object(metadata);
}

/**
 * Returns whether metadata of this name are the mark of a message.
 *
 * @param {string} name
 */
function isMarkName(name) {
  return Object.hasOwn(MESSAGE_MARK, name.toLowerCase());
}

module.exports = { MESSAGE_MARK, isMarkName, isMarkedMessage };
