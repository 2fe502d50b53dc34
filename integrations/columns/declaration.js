'use strict';

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { kind } = require('../../lib/input/kind.js');
const { typeOf } = require('../../lib/fields/values.js');

/**
 * An encrypted column as it was declared, once, for whatever ORM.
 *
 * @typedef {{
 *   type: string, storage: Storage, table: string | undefined, column: string | undefined, from: unknown,
 *   index: { bits: unknown, normalize: unknown, name: string | undefined, unique: boolean } | undefined,
 * }} Declaration
 *
 * @typedef {typeof STORAGES[number]} Storage
 */

const OPTIONS = /** @type {const} */ (['type', 'storage', 'table', 'column', 'from', 'index']);
const INDEX_OPTIONS = /** @type {const} */ (['bits', 'normalize', 'name', 'unique']);
const STORAGES = /** @type {const} */ (['text', 'bytea', 'blob']);
/** With fewer bits an index finds rows of other values, which nobody would filter out. */
const FEWEST_BITS = 64;

/**
 * Returns a declaration, checked.
 *
 * @param {unknown} options
 * @param {readonly string[]} adapterOptions what else the ORM's adapter takes
 * @returns {{ declaration: Declaration, checkedOptions: Record<string, unknown> }}
 */
function declare(options, adapterOptions = []) {
  const checkedOptions = args.options(options, [...OPTIONS, ...adapterOptions]);
  const type = args.string(checkedOptions.type, 'type');
  typeOf(type);
  const declaration = {
    type,
    storage: storageOf(checkedOptions.storage),
    table: args.optionalString(checkedOptions.table, 'table'),
    column: args.optionalString(checkedOptions.column, 'column'),
    from: checkedOptions.from,
    index: checkedOptions.index === undefined ? undefined : indexOf(checkedOptions.index),
  };
  return { declaration, checkedOptions };
}

/** @param {unknown} storage */
function storageOf(storage) {
  if (storage === undefined) return 'text';
  const found = STORAGES.find((known) => known === storage);
  if (found) return found;
  const names = STORAGES.map((known) => `"${known}"`);
  throw invalid(`storage must be one of ${names.join(', ')}, not ${kind(storage)}`);
}

/** @param {unknown} options */
function indexOf(options) {
  const checkedIndex = args.options(options, INDEX_OPTIONS, 'the index');
  const bits = args.optionalInteger(checkedIndex.bits, 'bits', 1, 256);
  if (bits !== undefined && bits < FEWEST_BITS) {
    throw invalid(
      `bits must be ${FEWEST_BITS} or more here: with fewer a search also finds rows of other values, ` +
        'which only your program could tell apart; use Fields for such an index',
    );
  }
  return {
    bits,
    normalize: checkedIndex.normalize,
    name: args.optionalString(checkedIndex.name, 'name'),
    unique: args.optionalBoolean(checkedIndex.unique, 'unique') ?? false,
  };
}

module.exports = { declare };
