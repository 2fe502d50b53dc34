'use strict';

const { stateOf } = require('./declare.js');

const KIND = Symbol.for('drizzle:entityKind');
const COLUMNS = Symbol.for('drizzle:Columns');
const NAME = Symbol.for('drizzle:Name');

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

module.exports = { columnsOf, indexKey, indexOf, kindOf, tableName };
