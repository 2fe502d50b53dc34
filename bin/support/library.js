'use strict';

/**
 * Returns the public API. It is loaded only when a command needs it, so that `--help` and `doctor` work even
 * where the addon does not.
 *
 * @returns {typeof import('../..')}
 */
function library() {
  return require('../..');
}

/**
 * Writes a file that appears complete or not at all: the one thing that is not in the public API.
 *
 * @type {typeof import('../../lib/native/new-file.js').writeNewFile}
 */
function writeNewFile(...args) {
  return require('../../lib/native/new-file.js').writeNewFile(...args);
}

module.exports = { library, writeNewFile };
