'use strict';

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { declare } = require('../columns/declaration.js');
const { fromJson } = require('../columns/json-bytes.js');
const { unopened } = require('../columns/refusals.js');

/**
 * What a column of a table is to this adapter: an encrypted one, or the index of one.
 *
 * @typedef {{
 *   declaration?: import('../columns/declaration.js').Declaration, of?: string, storage?: string,
 *   column?: import('../columns/column.js').SealedColumn, fields?: unknown,
 * }} State storage: of an index; column, fields: from `encryptDrizzle` on
 */

const OPEN = 'call encryptDrizzle(db, { fields, schema }) and work with what it returns,';

/** The state of each column, by the function that converts its values: Drizzle keeps it, also in aliases. */
const states = new WeakMap();

/** A value that may be stored as it is: encrypted, or an index. Only this adapter makes them. */
class Sealed {
  /** @param {unknown} stored */
  constructor(stored) {
    this.stored = stored;
  }
}

/**
 * Returns what declares encrypted columns and their indexes.
 *
 * @param {any} customType that of `drizzle-orm/pg-core` or `drizzle-orm/sqlite-core`
 */
function encryptedColumns(customType) {
  if (typeof customType !== 'function') {
    throw invalid('give customType, imported from drizzle-orm/pg-core or drizzle-orm/sqlite-core');
  }
  /**
   * @param {unknown} type
   * @param {unknown} [options]
   */
  function encrypted(type, options = {}) {
    const { taken: name, rest } = args.take(options, 'name', 'index');
    const { declaration } = declare({ ...rest, type });
    return build(customType, { declaration }, declaration.storage, name);
  }
  /**
   * @param {unknown} of
   * @param {unknown} [options]
   */
  encrypted.index = (of, options) => {
    const checkedOptions = args.options(options, /** @type {const} */ (['name', 'storage']));
    const storage = args.optionalString(checkedOptions.storage, 'storage') ?? 'text';
    return build(
      customType,
      { of: args.string(of, 'the property'), storage },
      storage,
      checkedOptions.name,
    );
  };
  return encrypted;
}

/**
 * @param {any} customType
 * @param {State} state
 * @param {string} storage
 * @param {unknown} name
 */
function build(customType, state, storage, name) {
  /** @param {unknown} value */
  const toDriver = (value) => {
    if (value instanceof Sealed) return value.stored;
    if (state.of) throw invalid(`the blind index of ${state.of} follows it: search by ${state.of}`);
    throw unopened(state.column?.name ?? 'the column', OPEN);
  };
  /** @param {unknown} stored */
  const fromDriver = (stored) => {
    if (state.of) return fromJson(stored);
    if (!state.column) throw unopened('the column', OPEN);
    return state.column.decrypt(fromJson(stored));
  };
  states.set(toDriver, state);
  const builder = customType({ dataType: () => storage, fromDriver, toDriver });
  return name === undefined ? builder() : builder(args.string(name, 'name'));
}

/**
 * Returns what a column is to this adapter; nothing for other columns and values.
 *
 * @param {any} column
 * @returns {State | undefined}
 */
function stateOf(column) {
  if (typeof column !== 'object' || column === null) return undefined;
  return states.get(column.mapTo);
}

module.exports = { Sealed, stateOf, encryptedColumns };
