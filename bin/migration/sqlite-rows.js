'use strict';

const { keyedRows } = require('./keyed-rows.js');
const { quoted, quotedTable } = require('./table.js');

/** @typedef {import('./table.js').Change} Change */

/**
 * Returns the rows of a table of SQLite.
 *
 * @param {import('../databases').Database} database
 * @param {import('./table.js').Shape} shape
 * @returns {import('./keyed-rows.js').Rows}
 */
function sqliteRows(database, shape) {
  const { key, source, target, indexes } = shape;
  const names = [key, source, target, ...indexes].map(({ name }) => quoted(name));
  const rows = keyedRows(database, shape, {
    columns: names.map((name, i) => `${name} AS c${i}`).join(', '),
    asText: (name) => `CAST(${name} AS TEXT)`,
    value: () => '?',
    keyValue: () => '?',
    toRow(selected) {
      const [key, source, target, ...indexes] = Object.values(selected);
      return { key, source, target, indexes };
    },
  });
  return { ...rows, write: (changes) => write(database, shape, changes) };
}

/**
 * @param {import('../databases').Database} database
 * @param {import('./table.js').Shape} shape
 * @param {Change[]} changes
 */
async function write({ query }, { table, key, source, target, indexes }, changes) {
  const set = [target, ...indexes].map(({ name }) => `${quoted(name)} = ?`).join(', ');
  const sql =
    `UPDATE ${quotedTable(table)} SET ${set} WHERE ${quoted(key.name)} = ? ` +
    `AND ${quoted(source.name)} IS ? AND ${quoted(target.name)} IS ? RETURNING 1`;
  const written = new Set();
  await query('BEGIN IMMEDIATE');
  try {
    for (const { row, value, indexes } of changes) {
      const values = [value, ...indexes, row.key, row.source, row.target];
      if ((await query(sql, values)).length > 0) written.add(row.key);
    }
    await query('COMMIT');
  } catch (error) {
    await query('ROLLBACK').catch(() => {});
    throw error;
  }
  return written;
}

module.exports = { sqliteRows };
