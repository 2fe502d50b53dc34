'use strict';

const { quoted, quotedTable } = require('./table.js');

/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./table.js').Row} Row */
/** @typedef {import('./table.js').ColumnInfo} ColumnInfo */

/** The rows of a table of PostgreSQL, in the order of their primary key. */
class PostgresqlRows {
  #query;
  #shape;
  #columns;
  #filter;

  /**
   * @param {import('../databases').Database} database
   * @param {import('./table.js').Shape} shape
   */
  constructor({ query }, shape) {
    this.#query = query;
    this.#shape = shape;
    const { key, source, target, indexes, tenantColumn, tenant } = shape;
    const parts = [`${quoted(key.name)}::text AS key`, `${exact(source)} AS source`];
    parts.push(`${exact(target)} AS target`);
    indexes.forEach((index, i) => parts.push(`${exact(index)} AS index${i}`));
    this.#columns = parts.join(', ');
    const wanted = `${quoted(source.name)} IS NOT NULL`;
    this.#filter =
      tenantColumn === undefined
        ? { sql: wanted, values: [] }
        : { sql: `${wanted} AND ${quoted(tenantColumn)}::text = $1`, values: [tenant] };
  }

  /**
   * How many rows come after this key.
   *
   * @param {unknown} after
   */
  async count(after) {
    const { sql, values } = this.#where(after);
    const [row] = await this.#query(
      `SELECT count(*) AS n FROM ${this.#table} WHERE ${sql}`,
      values,
    );
    return Number(row.n);
  }

  /**
   * The next rows after this key.
   *
   * @param {unknown} after
   * @param {number} limit
   * @returns {Promise<Row[]>}
   */
  async read(after, limit) {
    const { sql, values } = this.#where(after);
    const rows = await this.#query(
      `SELECT ${this.#columns} FROM ${this.#table} WHERE ${sql}
       ORDER BY ${this.#key} LIMIT ${limit}`,
      values,
    );
    return rows.map((row) => this.#row(row));
  }

  /**
   * The same row as it is now; nothing if it is gone, or empty.
   *
   * @param {Row} row
   * @returns {Promise<Row | undefined>}
   */
  async again({ key }) {
    const { sql, values } = this.#filter;
    const [row] = await this.#query(
      `SELECT ${this.#columns} FROM ${this.#table}
       WHERE ${sql} AND ${this.#key} = $${values.length + 1}::text::${this.#shape.key.type}`,
      [...values, key],
    );
    return row && this.#row(row);
  }

  /**
   * Writes all rows that are still as they were read, in one transaction; returns the keys of those.
   *
   * @param {Change[]} changes
   * @returns {Promise<Set<unknown>>}
   */
  async write(changes) {
    const { source, target, indexes, key } = this.#shape;
    const arrays = [
      { name: 'key', type: 'text', values: changes.map(({ row }) => row.key) },
      { name: 'source', type: plainType(source), values: changes.map(({ row }) => row.source) },
      { name: 'target', type: plainType(target), values: changes.map(({ row }) => row.target) },
      { name: 'value', type: plainType(target), values: changes.map(({ value }) => value) },
      ...indexes.map((index, i) => ({
        name: `index${i}`,
        type: plainType(index),
        values: changes.map((change) => change.indexes[i]),
      })),
    ];
    const set = [target, ...indexes].map((column, i) => {
      return `${quoted(column.name)} = v.${i === 0 ? 'value' : `index${i - 1}`}`;
    });
    const lists = arrays.map(({ type }, i) => `$${i + 1}::${type}[]`);
    const written = await this.#query(
      `UPDATE ${this.#table} AS t SET ${set.join(', ')}
       FROM unnest(${lists.join(', ')}) AS v (${arrays.map(({ name }) => name).join(', ')})
       WHERE t.${quoted(key.name)} = v.key::${key.type}
         AND ${exact(source, 't.')} IS NOT DISTINCT FROM v.source
         AND ${exact(target, 't.')} IS NOT DISTINCT FROM v.target
       RETURNING v.key`,
      arrays.map(({ values }) => values),
    );
    return new Set(written.map((row) => row.key));
  }

  get #table() {
    return quotedTable(this.#shape.table);
  }

  get #key() {
    return quoted(this.#shape.key.name);
  }

  /** @param {unknown} after */
  #where(after) {
    const { sql, values } = this.#filter;
    if (after === undefined) return { sql, values };
    const place = `$${values.length + 1}::text::${this.#shape.key.type}`;
    return { sql: `${sql} AND ${this.#key} > ${place}`, values: [...values, after] };
  }

  /**
   * @param {any} row
   * @returns {Row}
   */
  #row({ key, source, target, ...rest }) {
    return { key, source, target, indexes: this.#shape.indexes.map((_, i) => rest[`index${i}`]) };
  }
}

/**
 * Bytes as they are, anything else as the text that PostgreSQL reads back to the same value.
 *
 * @param {ColumnInfo} column
 * @param {string} [table]
 */
function exact({ name, type }, table = '') {
  return type === 'bytea' ? `${table}${quoted(name)}` : `${table}${quoted(name)}::text`;
}

/** @param {ColumnInfo} column */
function plainType({ type }) {
  return type === 'bytea' ? 'bytea' : 'text';
}

module.exports = { PostgresqlRows };
