'use strict';

const path = require('node:path');

const { usage } = require('./errors.js');

/** What the name of an encrypted file ends with. */
const SUFFIX = '.encrypted';

/** @param {string} name */
function isEncryptedName(name) {
  return name.endsWith(SUFFIX) && path.basename(name) !== SUFFIX;
}

/** @param {string} name */
function encryptedName(name) {
  return name + SUFFIX;
}

/** @param {string} name */
function plainName(name) {
  if (isEncryptedName(name)) return name.slice(0, -SUFFIX.length);
  throw usage(`the name of '${name}' does not end with ${SUFFIX}; give --output`);
}

module.exports = { encryptedName, isEncryptedName, plainName };
