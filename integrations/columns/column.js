'use strict';

const { isDeepStrictEqual } = require('node:util');

const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { kind } = require('../../lib/input/kind.js');
const { Fields } = require('../../lib/fields/fields.js');
const { nullRefused } = require('./refusals.js');

/** @typedef {import('./declaration.js').Declaration} Declaration */
/** @typedef {InstanceType<typeof Fields>} OpenFields */
/** @typedef {ReturnType<OpenFields['column']>} FieldColumn */
/** @typedef {InstanceType<typeof EncryptedColumn>} SealedColumn */

/** A declared column with its keys: what every adapter encrypts, decrypts and searches by. */
class EncryptedColumn {
  #declaration;
  #place;
  #fields;
  /** The column of each tenant. @type {WeakMap<OpenFields, FieldColumn>} */
  #columns = new WeakMap();

  /**
   * @param {Declaration} declaration
   * @param {{ table: string, column: string, name: string }} place name: for errors, such as `User.email`
   * @param {() => OpenFields} fields
   */
  constructor(declaration, place, fields) {
    this.#declaration = declaration;
    this.#place = place;
    this.#fields = fields;
  }

  get name() {
    return this.#place.name;
  }

  get type() {
    return this.#declaration.type;
  }

  get isIndexed() {
    return this.#declaration.index !== undefined;
  }

  /** @param {unknown} value */
  encrypt(value) {
    return this.#named((column) => (value == null ? value : column.encrypt(value)));
  }

  /** @param {unknown} stored */
  decrypt(stored) {
    return this.#named((column) => (stored == null ? stored : column.decrypt(stored)));
  }

  /**
   * The index to store beside a value.
   *
   * @param {unknown} value
   */
  index(value) {
    return this.#named((column) => (value == null ? value : column.index(value)));
  }

  /**
   * The indexes to search by for any of these values: one for each value and enabled key. Null is refused: a
   * list that lost it would find every other row where SQL finds none.
   *
   * @param {unknown[]} values
   */
  search(values) {
    if (values.some((value) => value === null)) throw nullRefused(this.name);
    return this.#named((column) => values.flatMap((value) => column.indexes(value)));
  }

  /** Throws if the keys or the options of the column are wrong. */
  check() {
    this.#named(() => undefined);
  }

  /**
   * @template T
   * @param {(column: FieldColumn) => T} call
   */
  #named(call) {
    try {
      return call(this.#column());
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      const { code, message, retryable } = error;
      throw new EnvelopeError(code, `${this.name}: ${message}`, { retryable, cause: error });
    }
  }

  #column() {
    const fields = this.#fields();
    const known = this.#columns.get(fields);
    if (known) return known;
    const { type, storage, index, from } = this.#declaration;
    const { table, column } = this.#place;
    const created = fields.column({
      table: this.#declaration.table ?? table,
      column: this.#declaration.column ?? column,
      type,
      encoding: storage === 'text' ? 'base64url' : 'buffer',
      ...(index && { index: { bits: index.bits, normalize: index.normalize } }),
      ...(from !== undefined && { from }),
    });
    this.#columns.set(fields, created);
    return created;
  }
}

/**
 * Returns what gives the open fields at each call: those that were given, or a function's.
 *
 * @param {unknown} fields a `Fields`, or a function that returns that of the current tenant
 * @returns {() => OpenFields}
 */
function fieldsOf(fields) {
  if (fields instanceof Fields) return () => fields;
  if (typeof fields !== 'function') throw notFields(fields);
  return () => {
    const current = fields();
    if (current instanceof Fields) return current;
    throw notFields(current);
  };
}

/** @param {unknown} value */
function notFields(value) {
  return invalid(
    `fields must be what Fields.open resolved to, or a function that returns it, not ${kind(value)}`,
  );
}

/**
 * Whether two decrypted values are the same.
 *
 * @param {unknown} a
 * @param {unknown} b
 */
function sameValue(a, b) {
  return isDeepStrictEqual(a, b);
}

module.exports = { EncryptedColumn, fieldsOf, sameValue };
