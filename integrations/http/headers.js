'use strict';

const { validateHeaderName, validateHeaderValue } = require('node:http');

/** @param {string} name */
function isHeaderName(name) {
  return passes(() => validateHeaderName(name));
}

/**
 * Returns whether this is a text that can be sent as the value of a header: in one line, of Latin letters.
 *
 * @param {unknown} value
 * @returns {value is string}
 */
function isHeaderValue(value) {
  return typeof value === 'string' && passes(() => validateHeaderValue('x', value));
}

/** @param {() => void} check */
function passes(check) {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

module.exports = { isHeaderName, isHeaderValue };
