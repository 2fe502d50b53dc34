'use strict';

const { quoted, quotedTable } = require('./table.js');

/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./table.js').Row} Row */
/** @typedef {import('./table.js').Shape} Shape */

/**
 * What SQL has in other words from database to database.
 *
 * @typedef {object} Dialect
 * @property {string} columns what is selected of a row
 * @property {(name: string) => string} asText a column of this quoted name, as text
 * @property {(number: number) => string} value the place of the value with this number, from 1
 * @property {(number: number) => string} keyValue the same for a value of the primary key
 * @property {(selected: any) => Row} toRow what was selected, as a row
 */

/**
 * The rows of a table that have something to migrate, in the order of their primary key.
 *
 * @typedef {object} Rows
 * @property {(after: unknown) => Promise<number>} count how many rows come after this key
 * @property {(after: unknown, limit: number) => Promise<Row[]>} read the next rows after this key
 * @property {(row: Row) => Promise<Row | undefined>} again
 *   the same row as it is now; nothing if it is gone, or empty
 * @property {(changes: Change[]) => Promise<Set<unknown>>} write
 *   writes all rows that are still as they were read, in one transaction; returns the keys of those
 */

/**
 * Returns what reads rows, in any dialect.
 *
 * @param {import('../databases').Database} database
 * @param {Shape} shape
 * @param {Dialect} dialect
 * @returns {Omit<Rows, 'write'>}
 */
function keyedRows({ query }, shape, { columns, asText, value, keyValue, toRow }) {
  const table = quotedTable(shape.table);
  const key = quoted(shape.key.name);
  const { tenantColumn, tenant } = shape;
  const conditions = [`${quoted(shape.source.name)} IS NOT NULL`];
  /** @type {unknown[]} */
  const values = [];
  if (tenantColumn !== undefined) {
    conditions.push(`${asText(quoted(tenantColumn))} = ${value(1)}`);
    values.push(tenant);
  }

  /** Rows whose key stands in this relation to another one; without another one, all rows. */
  const where = (/** @type {'>' | '='} */ relation, /** @type {unknown} */ other) => {
    if (other === undefined) return { sql: conditions.join(' AND '), values };
    const compared = `${key} ${relation} ${keyValue(values.length + 1)}`;
    return { sql: [...conditions, compared].join(' AND '), values: [...values, other] };
  };

  return {
    async count(after) {
      const { sql, values } = where('>', after);
      const [row] = await query(`SELECT count(*) AS n FROM ${table} WHERE ${sql}`, values);
      return Number(row.n);
    },

    async read(after, limit) {
      const { sql, values } = where('>', after);
      const page = `ORDER BY ${key} LIMIT ${limit}`;
      const rows = await query(`SELECT ${columns} FROM ${table} WHERE ${sql} ${page}`, values);
      return rows.map(toRow);
    },

    async again(before) {
      const { sql, values } = where('=', before.key);
      const [row] = await query(`SELECT ${columns} FROM ${table} WHERE ${sql}`, values);
      return row && toRow(row);
    },
  };
}

module.exports = { keyedRows };
