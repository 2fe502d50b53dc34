'use strict';

const { isProxy } = require('node:util').types;

const { lazy } = require('../lazy.js');

const foreignText = lazy(() => require('../foreign-text.js'));

/**
 * Returns what a value is, for an error: never what it holds, which may be secret. Calls no code of the
 * caller's but a getter `constructor`, and survives what that throws.
 *
 * @param {unknown} value
 * @returns {string}
 */
function kind(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value === '') return 'an empty string';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isProxy(value)) return 'a Proxy';
  const name = className(value);
  return name === undefined ? 'an object' : `an instance of ${name}`;
}

/** @param {object} value */
function className(value) {
  try {
    const { name } = value.constructor;
    return typeof name === 'string' && /^[\w$]{1,60}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns a caller's own name for something, in quotes, escaped and cut.
 *
 * @param {string} name
 */
function quoted(name) {
  return `"${foreignText().shown(name)}"`;
}

module.exports = { kind, quoted };
