'use strict';

/** What the user metadata of a message of this package say, so that no instruction file is looked for. */
const MESSAGE_MARK = { 'kms-envelope': 'message' };

/**
 * Returns whether the metadata say that an object is a message of this package.
 *
 * @param {Record<string, string>} metadata
 */
function isMarkedMessage(metadata) {
  return Object.entries(MESSAGE_MARK).every(([name, value]) => metadata[name] === value);
}

module.exports = { MESSAGE_MARK, isMarkedMessage };
