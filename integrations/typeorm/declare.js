'use strict';

const args = require('../../lib/input/index.js');
const { unopened } = require('../columns/refusals.js');
const { declare } = require('../columns/declaration.js');

/** @typedef {import('../columns/declaration.js').Declaration} Declaration */

const OWN = /** @type {const} */ (['name', 'nullable', 'select', 'comment']);
const OPEN = 'call encryptDataSource(dataSource, { fields }) right after initialize()';

/**
 * What TypeORM has of a declared column until `encryptDataSource` puts the real one in its place: it
 * neither writes nor reads a value.
 */
class Closed {
  /**
   * @param {string} name
   * @param {Declaration | undefined} declaration of the column; none for an index
   * @param {string} [indexProperty]
   */
  constructor(name, declaration, indexProperty) {
    this.name = name;
    this.declaration = declaration;
    this.indexProperty = indexProperty;
  }

  /** @param {unknown} value */
  to(value) {
    return this.#refuse(value);
  }

  /** @param {unknown} value */
  from(value) {
    return this.#refuse(value);
  }

  /** @param {unknown} value */
  #refuse(value) {
    if (value === null || value === undefined) return value;
    throw unopened(this.name, OPEN);
  }
}

/**
 * The columns of an encrypted property for an `EntitySchema`: its own, and that of its blind index.
 *
 * @param {unknown} property
 * @param {unknown} options
 */
function encryptedColumn(property, options) {
  const name = args.string(property, 'the property');
  const { declaration, checkedOptions } = declare(options, OWN);
  const { index, storage } = declaration;
  const indexProperty = index && (index.name ?? `${name}Index`);
  const nullable = args.optionalBoolean(checkedOptions.nullable, 'nullable') ?? false;
  /** @type {Record<string, Record<string, unknown>>} */
  const columns = {
    [name]: {
      type: storage,
      nullable,
      ...(checkedOptions.name !== undefined && { name: args.string(checkedOptions.name, 'name') }),
      ...(checkedOptions.select !== undefined && { select: checkedOptions.select }),
      ...(checkedOptions.comment !== undefined && { comment: checkedOptions.comment }),
      transformer: new Closed(name, declaration, indexProperty),
    },
  };
  if (index && indexProperty) {
    columns[indexProperty] = {
      type: storage === 'text' ? 'varchar' : storage,
      nullable,
      unique: index.unique,
      select: false,
      transformer: new Closed(indexProperty, undefined),
    };
  }
  return columns;
}

/**
 * The decorator of an encrypted property. It declares the column of the blind index, too.
 *
 * @param {unknown} options
 */
function EncryptedColumn(options) {
  // Loaded here: only the decorator needs it, and other packages of a program may lack it.
  // @ts-ignore: it is not installed here
  const { Column, Index } = require('typeorm');
  /** @param {object} target @param {string | symbol} property */
  return (target, property) => {
    for (const [name, column] of Object.entries(encryptedColumn(property, options))) {
      Column(/** @type {any} */ (column))(target, name);
      if (column.select === false && name !== property && !column.unique) Index()(target, name);
    }
  };
}

module.exports = { Closed, EncryptedColumn, encryptedColumn };
