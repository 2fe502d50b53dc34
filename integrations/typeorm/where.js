'use strict';

const { invalid } = require('../../lib/errors.js');
const { isArray } = require('../../lib/input/index.js');
const { conditionRefused, indexRefused } = require('../columns/refusals.js');

/** @typedef {import('./query-builders.js').Attached} Attached */

/**
 * Returns the conditions of TypeORM's `where` with those on encrypted columns turned into conditions on
 * their indexes.
 *
 * @param {any} where
 * @param {any} metadata an `EntityMetadata`
 * @param {(metadata: any) => Attached[]} columnsOf
 * @param {string} [prefix] of the embedded entity that the conditions are on
 * @returns {any}
 */
function rewriteWhere(where, metadata, columnsOf, prefix = '') {
  if (isArray(where)) return where.map((one) => rewriteWhere(one, metadata, columnsOf, prefix));
  if (typeof where !== 'object' || where === null || isOperator(where)) return where;
  /** @type {Record<string, unknown>} */
  const rewritten = {};
  for (const [key, value] of Object.entries(where)) {
    const path = prefix ? `${prefix}.${key}` : key;
    const attached = columnsOf(metadata).find(({ source }) => source.propertyPath === path);
    checkIndex(columnsOf(metadata), path, value);
    if (attached && value != null)
      Object.assign(rewritten, rewriteOne(attached, key, value, where));
    else rewritten[key] = nested(value, metadata, columnsOf, path);
  }
  return rewritten;
}

/**
 * Throws for a condition on the column of an index; the operators of this file are none.
 *
 * @param {Attached[]} columns
 * @param {string} path
 * @param {any} value
 */
function checkIndex(columns, path, value) {
  const found = columns.find(({ index }) => index?.propertyPath === path);
  if (found && value !== undefined && !isOperator(value))
    throw indexRefused(path, found.column.name);
}

/**
 * @param {unknown} value
 * @param {any} metadata
 * @param {(metadata: any) => Attached[]} columnsOf
 * @param {string} path
 */
function nested(value, metadata, columnsOf, path) {
  if (metadata.findEmbeddedWithPropertyPath(path)) {
    return rewriteWhere(value, metadata, columnsOf, path);
  }
  const relation = metadata.findRelationWithPropertyPath(path);
  return relation ? rewriteWhere(value, relation.inverseEntityMetadata, columnsOf) : value;
}

/**
 * @param {Attached} attached
 * @param {string} key
 * @param {any} value
 * @param {object} where
 */
function rewriteOne({ column, index }, key, value, where) {
  if (isNullCheck(value)) return { [key]: value };
  if (!index) throw conditionRefused(column.name, 'a condition', false);
  const name = index.propertyName;
  if (Object.hasOwn(where, name)) throw indexRefused(name, column.name);
  return { [name]: onIndex(column, value) };
}

/**
 * @param {any} value
 * @returns {boolean}
 */
function isNullCheck(value) {
  if (!isOperator(value)) return false;
  return value.type === 'isNull' || (value.type === 'not' && isNullCheck(value.child));
}

/**
 * @param {import('../columns/column.js').SealedColumn} column
 * @param {any} value
 * @returns {any}
 */
function onIndex(column, value) {
  const { In, Not, Or, And, IsNull } = operators();
  if (!isOperator(value)) return In(column.search([value]));
  switch (value.type) {
    case 'equal':
      return In(column.search([value.value]));
    case 'in':
      return In(column.search([...value.value]));
    case 'isNull':
      return IsNull();
    case 'not':
      return Not(onIndex(column, value.child ?? value.value));
    case 'or':
      return Or(...value.value.map((/** @type {any} */ one) => onIndex(column, one)));
    case 'and':
      return And(...value.value.map((/** @type {any} */ one) => onIndex(column, one)));
    default:
      if (typeof value.type !== 'string') throw invalid(`${column.name}: the condition is unknown`);
      throw conditionRefused(column.name, `the operator ${value.type}`, true);
  }
}

/** @type {any} */
let typeorm;

/** TypeORM's operators. It is loaded late, as in declare.js, and looked for once, as that takes long. */
function operators() {
  // @ts-ignore: it is not installed here
  typeorm ??= require('typeorm');
  return typeorm;
}

/** @param {any} value whether it is a `FindOperator` */
function isOperator(value) {
  return typeof value === 'object' && value !== null && '@instanceof' in value;
}

module.exports = { isOperator, rewriteWhere };
