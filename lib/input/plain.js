'use strict';

const { types } = require('node:util');

const { invalid } = require('../errors.js');
const { kind, quoted } = require('./kind.js');

const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf } =
  Object;
const { hasOwn } = Object;

/** How `Object` of every realm prints; no function of a program does, as it is native. */
const OBJECT_SOURCE = Function.prototype.toString.call(Object);

/** `Object.prototype` of other realms that were met. */
const foreignPrototypes = new WeakSet();

/** Objects that may be without a prototype, but hold what is not in their properties. */
const EXOTIC = /** @type {const} */ ([
  'isMap',
  'isSet',
  'isWeakMap',
  'isWeakSet',
  'isDate',
  'isRegExp',
  'isPromise',
  'isBoxedPrimitive',
  'isArgumentsObject',
  'isNativeError',
  'isModuleNamespaceObject',
  'isGeneratorObject',
  'isAnyArrayBuffer',
  'isArrayBufferView',
  'isExternal',
]);

/**
 * Options as they were when they were given. It inherits nothing, so that what others put on
 * `Object.prototype` is no option.
 */
function Snapshot() {}
Snapshot.prototype = Object.create(null);

/**
 * Returns the options of a call, each read once, so that nothing the caller does later changes them.
 *
 * @template {string} K
 * @param {unknown} value an object, or nothing
 * @param {readonly K[]} known a name that is not among them is a mistake
 * @param {string} [name] how the options are called, for the error
 * @returns {{ [name in K]?: unknown }}
 */
function options(value, known, name = 'the options') {
  const read = newSnapshot();
  if (value === undefined) return read;
  const options = plain(value, name, known);
  for (const key of getOwnPropertyNames(options)) {
    if (!(/** @type {readonly string[]} */ (known).includes(key))) {
      throw invalid(`there is no option ${quoted(key)}, only: ${known.join(', ')}`);
    }
    read[key] = dataOf(options, key, name);
  }
  return /** @type {{ [name in K]?: unknown }} */ (read);
}

/**
 * Returns one option of a call, and the others unchecked.
 *
 * @param {unknown} value an object, or nothing
 * @param {string} key
 * @param {string} [example] what else such options may hold, for the error
 * @returns {{ taken: unknown, rest: Record<string, unknown> }}
 */
function take(value, key, example = key) {
  const rest = newSnapshot();
  let taken;
  if (value === undefined) return { taken, rest };
  const options = plain(value, 'the options', [example]);
  for (const name of getOwnPropertyNames(options)) {
    const data = dataOf(options, name, 'the options');
    if (name === key) taken = data;
    else rest[name] = data;
  }
  return { taken, rest };
}

/**
 * Returns the pairs of an encryption context as the addon takes them: in one flat list, key, value, key, value.
 *
 * @param {unknown} context
 * @param {string} [name] how the argument is called, for the error
 * @returns {string[]}
 */
function flattenContext(context, name = 'encryptionContext') {
  if (context === undefined) return [];
  const checkedContext = plain(context, name, EXAMPLE);
  const pairs = [];
  for (const key of getOwnPropertyNames(checkedContext)) {
    const value = dataOf(checkedContext, key, name);
    if (typeof value !== 'string') {
      throw invalid(`${name} must hold strings, but that of ${quoted(key)} is ${kind(value)}`);
    }
    // UTF-8 has no lone surrogates: two different strings would become the same bytes.
    if (!key.isWellFormed() || !value.isWellFormed()) {
      throw invalid(`${name} holds a string that is not well-formed Unicode`);
    }
    pairs.push(key, value);
  }
  return pairs;
}

/**
 * Returns a copy of an array, each item read once.
 *
 * @param {unknown} value
 * @param {string} name how the argument is called, for the error
 * @returns {unknown[]}
 */
function list(value, name) {
  if (!isArray(value)) {
    throw invalid(`${name} must be an array, not ${kind(value)}`);
  }
  const items = [];
  for (let i = 0; i < value.length; i++) {
    const item = getOwnPropertyDescriptor(value, i);
    if (!item || !hasOwn(item, 'value')) {
      throw invalid(`${name} must hold values, but its item ${i} is ${item ? 'a getter' : 'none'}`);
    }
    items.push(item.value);
  }
  return items;
}

/**
 * Returns whether a value is an array that is no Proxy: of one that was revoked, `Array.isArray` throws.
 *
 * @param {unknown} value
 * @returns {value is unknown[]}
 */
function isArray(value) {
  // eslint-disable-next-line no-restricted-properties -- here it is safe
  return !types.isProxy(value) && Array.isArray(value);
}

/** What an error shows as a right encryption context. */
const EXAMPLE = /** @type {const} */ (['tenant', 'purpose']);

/**
 * Returns the value if it is a plain object: all that it holds is in its own named properties.
 *
 * @param {unknown} value
 * @param {string} name
 * @param {readonly string[]} example what such an object may hold
 * @returns {object}
 */
function plain(value, name, example) {
  const problem = problemOf(value);
  if (problem === undefined) return /** @type {object} */ (value);
  throw invalid(`${name} must be a plain object, such as ${sample(example)}, not ${problem}`);
}

/**
 * Returns why a value is no plain object; `undefined` if it is one.
 *
 * @param {unknown} value
 */
function problemOf(value) {
  if (typeof value !== 'object' || value === null) return kind(value);
  if (types.isProxy(value)) return 'a Proxy; copy it, as by { ...object }';
  const prototype = getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Snapshot.prototype) {
    if (!isForeignPlain(value, prototype)) return `${kind(value)}; copy its values into one`;
  }
  if (getOwnPropertySymbols(value).length > 0) {
    return 'one with symbols as keys, which would be left out';
  }
  return undefined;
}

/**
 * Returns whether a value is an object without a prototype, or with the `Object.prototype` of another realm.
 *
 * @param {object} value
 * @param {object | null} prototype
 */
function isForeignPlain(value, prototype) {
  if (prototype !== null && !foreignPrototypes.has(prototype)) {
    if (!isObjectPrototype(prototype)) return false;
    foreignPrototypes.add(prototype);
  }
  return !isArray(value) && !EXOTIC.some((is) => types[is](value));
}

/**
 * Returns whether an object is the `Object.prototype` of a realm: the top of its chain, with a native
 * constructor `Object` whose prototype it is.
 *
 * @param {object} prototype
 */
function isObjectPrototype(prototype) {
  if (types.isProxy(prototype) || getPrototypeOf(prototype) !== null) return false;
  const constructor = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof constructor !== 'function' || types.isProxy(constructor)) return false;
  if (getOwnPropertyDescriptor(constructor, 'prototype')?.value !== prototype) return false;
  return Function.prototype.toString.call(constructor) === OBJECT_SOURCE;
}

/**
 * Returns the value of an own property; refuses a getter and a property that is not enumerable.
 *
 * @param {object} object
 * @param {string} key
 * @param {string} name
 * @returns {unknown}
 */
function dataOf(object, key, name) {
  const property = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(object, key));
  if (hasOwn(property, 'value') && property.enumerable) return property.value;
  const problem = property.enumerable ? 'a getter or setter' : 'a property that is not enumerable';
  throw invalid(`${name} must hold values, but ${quoted(key)} is ${problem}; give a plain object`);
}

/** @param {readonly string[]} names */
function sample(names) {
  const shown = names === EXAMPLE ? names.map((name) => `${name}: '...'`) : names.slice(0, 3);
  return `{ ${shown.join(', ')} }`;
}

/** @returns {any} */
function newSnapshot() {
  // @ts-expect-error it is a constructor
  return new Snapshot();
}

module.exports = { flattenContext, isArray, list, options, take };
