'use strict';

const { stateOf } = require('./declare.js');
const { columnsOf, isNothing, kindOf } = require('./entities.js');

/**
 * Returns the values of a row with those of encrypted columns that it leaves out, but that have a function to make
 * them: `$defaultFn` of an insert, `$onUpdateFn` of both. Drizzle would call it after the encryption.
 *
 * @param {any} table
 * @param {Record<string, any>} row its values, each a `Param` or an `SQL`
 * @param {boolean} isUpdate
 */
function withDefaults(table, row, isUpdate) {
  const complete = { ...row };
  for (const [key, column] of Object.entries(columnsOf(table))) {
    if (!stateOf(column)?.declaration) continue;
    if (row[key] !== undefined && !isNothing(row[key])) continue;
    const make = isUpdate ? column.onUpdateFn : (column.defaultFn ?? column.onUpdateFn);
    if (make) complete[key] = parameter(make(), column);
  }
  return complete;
}

/**
 * @param {unknown} value
 * @param {any} column
 */
function parameter(value, column) {
  if (kindOf(value) !== undefined) return value;
  // Loaded here, as only such columns need it.
  // @ts-ignore: it is not installed here
  const { Param } = require('drizzle-orm');
  return new Param(value, column);
}

module.exports = { withDefaults };
