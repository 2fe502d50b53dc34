'use strict';

const { invalid } = require('../../lib/errors.js');
const { bare } = require('./text.js');

/**
 * What a name means in a statement: an encrypted column and the name of its index; the index of one; or JSON
 * with rows that have encrypted columns.
 *
 * @typedef {{
 *   name: string, sealed?: import('../columns/column.js').SealedColumn, index?: string,
 *   of?: import('../columns/column.js').SealedColumn, json?: Outputs,
 * }} Entry name: for errors
 *
 * @typedef {Map<string, Entry>} Outputs by the name of the column; others are not in it
 */

/** @type {Outputs} */
const NONE = new Map();

/**
 * Returns an encrypted column of a table, if it has one.
 *
 * @param {Outputs} columns
 */
function firstOf(columns) {
  return [...columns.values()][0];
}

/**
 * Returns what a column of a table is, if it is an encrypted one or an index.
 *
 * @param {Outputs} columns those of the table
 * @param {string} name
 */
function columnOf(columns, name) {
  return columns.get(name) ?? refuseRenamed(columns, name);
}

/**
 * Throws for a name that another plugin has made of a declared one: its values would not be encrypted.
 *
 * @param {ReadonlyMap<string, unknown>} declared by name
 * @param {string} name
 * @returns {undefined}
 */
function refuseRenamed(declared, name) {
  const found = [...declared.keys()].find((known) => bare(known) === bare(name));
  if (found === undefined) return undefined;
  throw invalid(
    `${found} is written as ${name} here: give plugins that rename as the option \`plugins\` of ` +
      'encryptedTables, and declare names as statements write them',
  );
}

/**
 * Returns the columns of a derived table: of these, only those with their index can be searched by.
 *
 * @param {Outputs} outputs
 * @returns {Outputs}
 */
function derived(outputs) {
  const columns = [...outputs];
  return new Map(
    columns.map(([name, entry]) => {
      const index = columns.find(([, other]) => entry.sealed && other.of === entry.sealed)?.[0];
      return [name, { ...entry, index }];
    }),
  );
}

module.exports = { NONE, columnOf, derived, firstOf, refuseRenamed };
