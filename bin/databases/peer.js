'use strict';

const { createRequire } = require('node:module');
const path = require('node:path');

const { Failure } = require('../support/errors.js');

/**
 * The user's own package of this name, found from the working directory; nothing if it is not there.
 *
 * @param {string} name
 * @returns {any}
 */
function peer(name) {
  const requireFromHere = createRequire(path.join(process.cwd(), 'package.json'));
  try {
    return requireFromHere(name);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return undefined;
    throw error;
  }
}

/**
 * @param {string} name
 * @param {string} otherwise
 */
function missingPeer(name, otherwise) {
  const text = `the package ${name} is not found from this folder; npm install ${name}${otherwise}`;
  return new Failure('CONFIGURATION', text);
}

module.exports = { missingPeer, peer };
