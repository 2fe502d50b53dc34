'use strict';

const path = require('node:path');
const { isProxy } = require('node:util').types;
const { fileURLToPath } = require('node:url');

const { invalid } = require('../errors.js');
const { nameString } = require('./values.js');

/**
 * Returns the path in a string or a `file:` URL, of whichever realm.
 *
 * @param {unknown} value
 * @param {string} [name] how the argument is called, for the error
 * @returns {string}
 */
function filePath(value, name = 'the path') {
  const href = hrefOf(value);
  return nameString(href === undefined ? value : localPath(href, name), name);
}

/**
 * Returns the path from the root; one that ends like a folder goes on doing so, to be refused.
 *
 * @param {unknown} value
 * @param {string} name how the argument is called, for the error
 */
function absolutePath(value, name) {
  const checkedPath = filePath(value, name);
  const folder = checkedPath.endsWith('/') || checkedPath.endsWith(path.sep);
  return folder ? path.join(path.resolve(checkedPath), path.sep) : path.resolve(checkedPath);
}

/**
 * Returns whether a value is a path, as strings and URLs are.
 *
 * @param {unknown} value
 */
function isPath(value) {
  return typeof value === 'string' || hrefOf(value) !== undefined;
}

/**
 * Returns the text of a URL (of Node.js, of another realm, or of a library such as jsdom); `undefined`
 * for anything else.
 *
 * @param {unknown} value
 */
function hrefOf(value) {
  if (typeof value !== 'object' || value === null || isProxy(value)) return undefined;
  try {
    if (Object.prototype.toString.call(value) !== '[object URL]' && !(value instanceof URL)) {
      return undefined;
    }
    const { href } = /** @type {{ href?: unknown }} */ (value);
    return typeof href === 'string' ? href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} href
 * @param {string} name
 */
function localPath(href, name) {
  try {
    return fileURLToPath(href);
  } catch (error) {
    throw invalid(
      `${name} must be a file: URL of a local path; ${/** @type {Error} */ (error).message}`,
    );
  }
}

module.exports = { absolutePath, filePath, isPath };
