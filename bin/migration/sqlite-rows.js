'use strict';

const { quoted, quotedTable } = require('./table.js');

/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./table.js').Row} Row */

/** The rows of a table of SQLite, in the order of their primary key. */
class SqliteRows {
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
    const names = [key, source, target, ...indexes].map(({ name }) => quoted(name));
    this.#columns = names.map((name, i) => `${name} AS c${i}`).join(', ');
    const wanted = `${quoted(source.name)} IS NOT NULL`;
    this.#filter =
      tenantColumn === undefined
        ? { sql: wanted, values: [] }
        : { sql: `${wanted} AND CAST(${quoted(tenantColumn)} AS TEXT) = ?`, values: [tenant] };
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
      `SELECT ${this.#columns} FROM ${this.#table} WHERE ${sql} ORDER BY ${this.#key} LIMIT ${limit}`,
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
      `SELECT ${this.#columns} FROM ${this.#table} WHERE ${sql} AND ${this.#key} = ?`,
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
    const { source, target, indexes } = this.#shape;
    const set = [target, ...indexes].map(({ name }) => `${quoted(name)} = ?`).join(', ');
    const sql =
      `UPDATE ${this.#table} SET ${set} WHERE ${this.#key} = ? ` +
      `AND ${quoted(source.name)} IS ? AND ${quoted(target.name)} IS ? RETURNING 1`;
    const written = new Set();
    await this.#query('BEGIN IMMEDIATE');
    try {
      for (const { row, value, indexes } of changes) {
        const values = [value, ...indexes, row.key, row.source, row.target];
        if ((await this.#query(sql, values)).length > 0) written.add(row.key);
      }
      await this.#query('COMMIT');
    } catch (error) {
      await this.#query('ROLLBACK').catch(() => {});
      throw error;
    }
    return written;
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
    return { sql: `${sql} AND ${this.#key} > ?`, values: [...values, after] };
  }

  /**
   * @param {any} row
   * @returns {Row}
   */
  #row(row) {
    const [key, source, target, ...indexes] = Object.keys(row).map((name) => row[name]);
    return { key, source, target, indexes };
  }
}

module.exports = { SqliteRows };
