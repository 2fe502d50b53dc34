'use strict';

const { isArray } = require('../../lib/input/index.js');
const { stateOf } = require('./declare.js');

const KIND = Symbol.for('drizzle:entityKind');
const COLUMNS = Symbol.for('drizzle:Columns');
const NAME = Symbol.for('drizzle:Name');
const SCHEMA = Symbol.for('drizzle:Schema');

/** What `kindOf` tells of: the parts of a statement. */
const KINDS = new Set([
  'SQL',
  'Param',
  'StringChunk',
  'Column',
  'Table',
  'Name',
  'View',
  'Placeholder',
  'Subquery',
  'SQL.Aliased',
]);

/**
 * Returns which part of a statement a value is, whatever copy of Drizzle made it.
 *
 * @param {unknown} value
 * @returns {string | undefined}
 */
function kindOf(value) {
  if (typeof value !== 'object' || value === null) return undefined;
  let type = Object.getPrototypeOf(value)?.constructor;
  for (; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    if (Object.hasOwn(type, KIND) && KINDS.has(type[KIND])) return type[KIND];
  }
  return undefined;
}

/**
 * Returns the columns of a table by their properties; nothing for what is no table.
 *
 * @param {any} table
 * @returns {Record<string, any>}
 */
function columnsOf(table) {
  return Object(table)[COLUMNS];
}

/**
 * @param {any} table
 * @returns {string}
 */
function tableName(table) {
  return table[NAME];
}

/**
 * @param {any} table
 * @returns {string | undefined}
 */
function schemaName(table) {
  return table[SCHEMA];
}

/** @param {any} param whether it is a value that was not given */
function isNothing(param) {
  return kindOf(param) === 'Param' && param.value === undefined;
}

/**
 * Returns the property of a column's blind index.
 *
 * @param {any} table
 * @param {string} key the property of the encrypted column
 */
function indexKey(table, key) {
  return Object.keys(columnsOf(table)).find((name) => stateOf(columnsOf(table)[name])?.of === key);
}

/**
 * Returns the blind index of an encrypted column of the same table, be it aliased.
 *
 * @param {any} column
 */
function indexOf(column) {
  const columns = columnsOf(column.table);
  const key = Object.keys(columns).find((name) => columns[name].mapTo === column.mapTo);
  const name = key === undefined ? undefined : indexKey(column.table, key);
  return name === undefined ? undefined : columns[name];
}

/**
 * Returns the columns that are selected, or that SQL names.
 *
 * @param {any} selected columns, tables, SQL, and arrays and objects of them
 * @returns {any[]}
 */
function columnsIn(selected) {
  if (isArray(selected)) return selected.flatMap(columnsIn);
  switch (kindOf(selected)) {
    case 'Column':
      return [selected];
    case 'SQL':
      // A table in SQL is only its name.
      return columnsIn(
        selected.queryChunks.filter((/** @type {any} */ one) => kindOf(one) !== 'Table'),
      );
    case 'SQL.Aliased':
      return columnsIn(selected.sql);
    case 'Table':
      return Object.values(columnsOf(selected));
    case undefined:
      if (typeof selected !== 'object' || selected === null) return [];
      // A query within SQL, or what is selected: by its names, and from its path.
      if (typeof selected.getSQL === 'function') return columnsIn(selected._?.selectedFields);
      return isPlainObject(selected) ? columnsIn(Object.values(selected)) : [];
    default:
      return [];
  }
}

/**
 * Returns an encrypted column that is selected, or that SQL names; nothing if there is none.
 *
 * @param {any} selected
 */
function encryptedIn(selected) {
  return columnsIn(selected).find((column) => stateOf(column)?.declaration);
}

/** @param {object} value */
function isPlainObject(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

module.exports = {
  columnsIn,
  columnsOf,
  encryptedIn,
  indexKey,
  indexOf,
  isNothing,
  kindOf,
  schemaName,
  tableName,
};
