'use strict';

const { invalid } = require('../../lib/errors.js');

/** @typedef {InstanceType<typeof import('../../lib/fields/fields.js').Fields>} Fields */
/** @typedef {ReturnType<Fields['column']>} Column */
/** @typedef {{ table: string, column: string, [option: string]: unknown }} ColumnOptions */

/** @type {WeakMap<DefinedColumn, { fields: Fields, column: Column }>} what the columns of an application are bound to */
const bound = new WeakMap();

/**
 * Returns a column that is defined before the application starts, such as where the decorators of an entity
 * need it, and that works once `FieldsModule.forFeature` has opened it. Until then, each call throws.
 *
 * @param {unknown} options those of `fields.column`
 */
function defineColumn(options) {
  return new DefinedColumn(options);
}

/** A column that is opened later. It never lets a value through unencrypted. */
class DefinedColumn {
  /** @param {any} options */
  constructor(options) {
    this.options = Object.freeze({ ...options });
    this.table = this.options.table;
    this.column = this.options.column;
  }

  /** @param {[any, any?]} call */
  encrypt(...call) {
    return opened(this).encrypt(...call);
  }

  /** @param {[any, any?]} call */
  decrypt(...call) {
    return opened(this).decrypt(...call);
  }

  /** @param {[any, any?]} call */
  encryptMany(...call) {
    return opened(this).encryptMany(...call);
  }

  /** @param {[any, any?]} call */
  decryptMany(...call) {
    return opened(this).decryptMany(...call);
  }

  /** @param {[any, any?]} call */
  index(...call) {
    return opened(this).index(...call);
  }

  /** @param {[any, any?]} call */
  indexes(...call) {
    return opened(this).indexes(...call);
  }
}

/**
 * @param {DefinedColumn} defined
 * @returns {Column}
 */
function opened(defined) {
  const binding = bound.get(defined);
  if (binding) return binding.column;
  throw invalid(
    `the column ${defined.table}.${defined.column} is not open: list it in FieldsModule.forFeature, and use it ` +
      'between the start of the application and its end',
  );
}

/**
 * Returns the options of a column.
 *
 * @param {unknown} column options, or a column that was defined
 * @returns {ColumnOptions}
 */
function columnOptionsOf(column) {
  return /** @type {ColumnOptions} */ (column instanceof DefinedColumn ? column.options : column);
}

/**
 * Opens a column that was defined; returns the opened one.
 *
 * @param {unknown} defined
 * @param {Fields} fields
 * @param {Column} column
 */
function bindColumn(defined, fields, column) {
  if (!(defined instanceof DefinedColumn)) return column;
  const binding = bound.get(defined);
  if (binding && binding.fields !== fields) {
    throw invalid(
      `the column ${defined.table}.${defined.column} is open for another application, or other fields, of ` +
        'this process; close that application first, or define one column for each',
    );
  }
  bound.set(defined, { fields, column });
  return column;
}

/**
 * @param {unknown} defined
 * @param {Fields} fields
 */
function unbindColumn(defined, fields) {
  if (!(defined instanceof DefinedColumn)) return;
  if (bound.get(defined)?.fields === fields) bound.delete(defined);
}

module.exports = { bindColumn, columnOptionsOf, defineColumn, unbindColumn };
