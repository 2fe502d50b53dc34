'use strict';

const { isProxy } = require('node:util').types;

const args = require('../input/index.js');
const { invalid, native } = require('../errors.js');
const { kind } = require('../input/kind.js');
const { most, put, room } = require('../input/scratch.js');

/** @typedef {import('../../binding').FieldKeys} FieldKeys */
/** @typedef {(text: string) => unknown} Normalizer */

const OPTIONS = /** @type {const} */ (['bits', 'normalize']);
const DEFAULT_BITS = 128;
const MOST_BITS = 256;

/** @type {Record<string, Normalizer>} */
const NORMALIZERS = {
  nfkc: (text) => text.normalize('NFKC'),
  lowercase: (text) => text.toLowerCase(),
  trim: (text) => text.trim(),
  whitespace: (text) => text.replace(/\s+/g, ' ').trim(),
  digits: (text) => text.normalize('NFKC').replace(/\D/g, ''),
  domain: (text) => text.slice(text.lastIndexOf('@') + 1),
  last4: (text) => Array.from(text).slice(-4).join(''),
  year: (text) => text.slice(0, 4),
};

/** A blind index of a column. */
class Index {
  #keys;
  #native;
  #bits;
  #normalizers;

  /**
   * @param {FieldKeys} keys
   * @param {string} table
   * @param {string} column
   * @param {string} name
   * @param {unknown} options
   */
  constructor(keys, table, column, name, options) {
    const checkedOptions = args.options(options, OPTIONS, 'the index');
    this.#keys = keys;
    this.#bits = args.optionalInteger(checkedOptions.bits, 'bits', 1, MOST_BITS) ?? DEFAULT_BITS;
    this.#normalizers = normalizersOf(checkedOptions.normalize);
    this.#native = native(() => keys.index(table, column, name));
  }

  /**
   * The index under one key: the primary, or the one with this id.
   *
   * @param {string} value
   * @param {number | undefined} keyId
   * @param {BufferEncoding | undefined} encoding
   */
  compute(value, keyId, encoding) {
    const text = this.#normalized(value);
    const scratch = room(most(text));
    const end = put(scratch, text, 0);
    const output = Buffer.alloc(Math.ceil(this.#bits / 8));
    native(() => this.#native.compute(scratch, end, keyId, this.#bits, output));
    return encoding === undefined ? output : output.toString(encoding);
  }

  /**
   * The index under each enabled key, that of the primary first: what a search asks for while the key
   * of the index is being rotated.
   *
   * @param {string} value
   * @param {BufferEncoding | undefined} encoding
   */
  computeAll(value, encoding) {
    const keys = native(() => this.#keys.current().keys('index')).filter(({ enabled }) => enabled);
    keys.sort((a, b) => Number(b.primary) - Number(a.primary));
    return keys.map(({ id }) => this.compute(value, id, encoding));
  }

  /** @param {string} value */
  #normalized(value) {
    let text = value;
    for (const normalize of this.#normalizers) {
      const next = normalize(text);
      if (typeof next !== 'string' || !next.isWellFormed()) {
        throw invalid(`a normalizer must return a well-formed string, not ${kind(next)}`);
      }
      text = next;
    }
    return text;
  }
}

/**
 * Returns the indexes of a column, by name; the one that has none is ''.
 *
 * @param {FieldKeys} keys
 * @param {string} table
 * @param {string} column
 * @param {{ index?: unknown, indexes?: unknown }} options
 */
function indexesOf(keys, table, column, { index, indexes }) {
  /** @type {Map<string, Index>} */
  const found = new Map();
  if (index !== undefined) found.set('', new Index(keys, table, column, '', index));
  if (indexes === undefined) return found;
  // Of a Proxy no name is asked: it is refused.
  const names = isProxy(indexes) ? [] : Object.getOwnPropertyNames(Object(indexes));
  const optionsByName = args.options(indexes, names, 'indexes');
  for (const name of names) {
    const named = args.string(name, 'the name of an index');
    found.set(named, new Index(keys, table, column, named, optionsByName[name]));
  }
  return found;
}

/** @param {unknown} normalize */
function normalizersOf(normalize) {
  if (normalize === undefined) return [];
  const isList = isProxy(normalize) ? typeof normalize !== 'function' : args.isArray(normalize);
  const normalizers = isList ? args.list(normalize, 'normalize') : [normalize];
  return normalizers.map((one) => {
    if (typeof one === 'function') return /** @type {Normalizer} */ (one);
    if (typeof one === 'string' && Object.hasOwn(NORMALIZERS, one)) {
      return /** @type {Normalizer} */ (NORMALIZERS[one]);
    }
    const names = Object.keys(NORMALIZERS).map((known) => `"${known}"`);
    throw invalid(`normalize takes a function, ${names.join(', ')}, not ${kind(one)}`);
  });
}

module.exports = { indexesOf };
