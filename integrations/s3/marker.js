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

/**
 * Returns whether metadata of this name are the mark of a message.
 *
 * @param {string} name
 */
function isMarkName(name) {
  return Object.hasOwn(MESSAGE_MARK, name);
}

module.exports = { MESSAGE_MARK, isMarkName, isMarkedMessage };
