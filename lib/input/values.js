'use strict';

const { invalid } = require('../errors.js');
const { kind } = require('./kind.js');
const { list } = require('./plain.js');

/**
 * Returns a string that is not empty and that UTF-8 can hold: of lone surrogates it would make others.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function string(value, name) {
  if (typeof value !== 'string' || value === '') {
    throw invalid(`${name} must be a string that is not empty, not ${kind(value)}`);
  }
  if (value.isWellFormed()) return value;
  throw invalid(`${name} is a string that is not well-formed Unicode`);
}

/**
 * Returns a name of the system's or of a service's, such as a path: a string without NUL, where such names
 * end for those who read them.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function nameString(value, name) {
  const text = string(value, name);
  if (!text.includes('\0')) return text;
  throw invalid(`${name} must not hold a NUL character`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string | undefined}
 */
function optionalString(value, name) {
  return value === undefined ? undefined : nameString(value, name);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {(item: unknown, name: string) => string} [check] what each must be
 * @returns {string[] | undefined}
 */
function optionalStrings(value, name, check = string) {
  if (value === undefined) return undefined;
  return list(value, name).map((item, i) => check(item, `${name}[${i}]`));
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean | undefined}
 */
function optionalBoolean(value, name) {
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${name} must be true or false, not ${kind(value)}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @returns {number}
 */
function integer(value, name, min, max) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw invalid(`${name} must be a whole number from ${min} to ${max}, not ${kind(value)}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @returns {number | undefined}
 */
function optionalInteger(value, name, min, max) {
  return value === undefined ? undefined : integer(value, name, min, max);
}

module.exports = {
  integer,
  nameString,
  optionalBoolean,
  optionalInteger,
  optionalString,
  optionalStrings,
  string,
};
