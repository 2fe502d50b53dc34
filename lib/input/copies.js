'use strict';

const { isProxy } = require('node:util').types;

const { invalid } = require('../errors.js');
const { kind } = require('./kind.js');

/** What the classes of every copy of this package have on their prototypes. */
const BRAND = Symbol.for('kms-envelope.class');

/**
 * Lets other copies of this package tell what an object of this class is.
 *
 * @param {Function} type
 */
function brand(type) {
  Object.defineProperty(type.prototype, BRAND, { value: type.name });
}

/**
 * Returns the error of a value that should be an object of this package, and is none.
 *
 * @param {unknown} value
 * @param {'Envelope' | 'BranchKeyStore' | 'PooledOutput' | 'keyring'} type
 * @param {string} name how the argument is called
 * @param {string} rule what it must be, such as "must be an Envelope"
 * @param {string} [why] an end of the sentence
 */
function unknownObject(value, type, name, rule, why = '') {
  if (isOfCopy(value, type)) return ofOtherCopy(name);
  return invalid(`${name} ${rule}, not ${kind(value)}${why}`);
}

/**
 * Returns whether a value is an object of another copy of this package; of this copy, it would have been
 * recognized before.
 *
 * @param {unknown} value
 * @param {'Envelope' | 'BranchKeyStore' | 'PooledOutput' | 'keyring'} type
 */
function isOfCopy(value, type) {
  if (typeof value !== 'object' || value === null || isProxy(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || isProxy(prototype)) return false;
  const name = Object.getOwnPropertyDescriptor(prototype, BRAND)?.value;
  if (typeof name !== 'string') return false;
  return type === 'keyring' ? name.endsWith('Keyring') : name === type;
}

/** @param {string} argument */
function ofOtherCopy(argument) {
  return invalid(
    `${argument} is of another copy of kms-envelope: there are two copies in this process, which ` +
      'cannot share objects; find both with `npm ls kms-envelope`, and let one version satisfy ' +
      'all who depend on it (in tests, do not reset the module registry in between)',
  );
}

module.exports = { brand, unknownObject };
