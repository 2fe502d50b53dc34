'use strict';

const crypto = require('node:crypto');
const path = require('node:path');

const { Failure } = require('./errors.js');

/** So that the temporary name is not too long for a file system. */
const MAX_NAME_LENGTH = 40;

/**
 * A name in the folder of the destination, that a file has only until it is complete.
 *
 * @param {string} destination
 */
function temporaryBeside(destination) {
  const name = path.basename(destination).slice(0, MAX_NAME_LENGTH);
  const random = crypto.randomBytes(3).toString('hex');
  return path.join(path.dirname(destination), `.${name}.${random}.tmp`);
}

/** @param {string} destination */
function notAFile(destination) {
  return new Failure(
    'FILE',
    `'${destination}' is not a regular file; choose another --output (- for standard output)`,
  );
}

module.exports = { notAFile, temporaryBeside };
