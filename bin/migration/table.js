'use strict';

const { usage } = require('../support/errors.js');

/**
 * What of a table takes part: its primary key, the column that is read, the one that is written,
 * those of the indexes, and the one that names the tenant.
 *
 * @typedef {{ name: string, type: string, key: boolean }} ColumnInfo
 * @typedef {{
 *   table: string, key: ColumnInfo, source: ColumnInfo, target: ColumnInfo, inPlace: boolean,
 *   indexes: ColumnInfo[], tenantColumn: string | undefined, tenant: string,
 * }} Shape
 *
 * A row, with values as the driver gives them; `target` is that of the same column, if there is
 * only one.
 * @typedef {{ key: unknown, source: unknown, target: unknown, indexes: unknown[] }} Row
 *
 * @typedef {{ row: Row, value: unknown, indexes: unknown[] }} Change
 */

/** What a column of PostgreSQL must be, to hold encrypted values. */
const WRITABLE = /^(bytea|text|character varying(\(\d+\))?)$/;

/**
 * Looks the columns up, and refuses what cannot work.
 *
 * @param {import('../databases').Database} database
 * @param {{
 *   table: string, column: string, to: string | undefined, indexes: string[],
 *   tenantColumn: string | undefined, tenant: string,
 * }} names
 * @returns {Promise<Shape>}
 */
async function describeTable(database, { table, column, to = column, ...names }) {
  const columns = await columnsOf(database, table);
  if (columns.length === 0) throw usage(`there is no table '${table}'; check --table`);
  const [key, ...others] = columns.filter((one) => one.key);
  if (!key || others.length > 0) {
    throw usage(`the table '${table}' must have a primary key of one column`);
  }
  const find = (/** @type {string} */ name) => {
    const found = columns.find((one) => one.name === name);
    if (!found) throw usage(`the table '${table}' has no column '${name}'`);
    if (found.key) throw usage(`'${name}' is the primary key, which stays as it is`);
    return found;
  };
  const written = [to, ...names.indexes];
  if (new Set([...written, column]).size < written.length + Number(to !== column)) {
    throw usage('--column, --to and each --index must be columns of their own');
  }
  if (names.tenantColumn !== undefined) find(names.tenantColumn);
  if (database.dialect === 'sqlite') await refuseNullKeys(database, table, key);
  const { tenantColumn, tenant } = names;
  const [target, ...indexes] = written.map(find);
  if (!target) throw usage('there is no column to write');
  if (database.dialect === 'postgresql') [target, ...indexes].forEach(refuseUnwritable);
  const inPlace = to === column;
  return { table, key, source: find(column), target, inPlace, indexes, tenantColumn, tenant };
}

/**
 * @param {import('../databases').Database} database
 * @param {string} table
 * @returns {Promise<ColumnInfo[]>}
 */
async function columnsOf({ dialect, query }, table) {
  if (dialect === 'sqlite') {
    const rows = await query('SELECT name, type, pk FROM pragma_table_info(?)', [table]);
    return rows.map(({ name, type, pk }) => ({ name, type, key: Number(pk) > 0 }));
  }
  const rows = await query(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary
         AND a.attnum = ANY (i.indkey)) AS key
     FROM pg_attribute a
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [quotedTable(table)],
  );
  return rows;
}

/**
 * SQLite allows them where the key is no integer.
 *
 * @param {import('../databases').Database} database
 * @param {string} table
 * @param {ColumnInfo} key
 */
async function refuseNullKeys({ query }, table, { name }) {
  const sql = `SELECT 1 FROM ${quotedTable(table)} WHERE ${quoted(name)} IS NULL LIMIT 1`;
  if ((await query(sql)).length === 0) return;
  throw usage(`a row of '${table}' has no primary key: '${name}' is NULL`);
}

/** @param {ColumnInfo} column */
function refuseUnwritable({ name, type }) {
  if (WRITABLE.test(type)) return;
  throw usage(`'${name}' is ${type}; encrypted values need bytea or text: add a column, give --to`);
}

/** @param {string} name */
function quoted(name) {
  return `"${name.replaceAll('"', '""')}"`;
}

/** @param {string} table with its schema, or without */
function quotedTable(table) {
  return table.split('.').map(quoted).join('.');
}

module.exports = { describeTable, quoted, quotedTable };
