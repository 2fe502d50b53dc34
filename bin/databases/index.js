'use strict';

const { usage } = require('../support/errors.js');

/**
 * A database, by one connection. `query` has `?` in SQLite, and `$1` in PostgreSQL, for parameters.
 *
 * @typedef {{
 *   dialect: 'postgresql' | 'sqlite',
 *   query(sql: string, parameters?: unknown[]): Promise<any[]>,
 *   close(): Promise<void>,
 * }} Database
 */

const SQLITE = /^sqlite:(?:\/\/)?(.+)$/s;
const POSTGRESQL = /^postgres(?:ql)?:\/\//;

/**
 * Whether this names a database, and not a folder.
 *
 * @param {string} address
 */
function isDatabase(address) {
  return SQLITE.test(address) || POSTGRESQL.test(address);
}

/**
 * Opens what `postgres://...` or `sqlite:FILE` names.
 *
 * @param {string} address
 * @param {{ create?: boolean, readOnly?: boolean }} [options] create: SQLite's file, if it is not there
 * @returns {Promise<Database>}
 */
async function openDatabase(address, options = {}) {
  const file = SQLITE.exec(address)?.[1];
  if (file !== undefined) return require('./sqlite.js').openSqlite(file, options);
  if (POSTGRESQL.test(address)) return require('./postgresql.js').openPostgresql(address, options);
  throw usage('a database is postgres://... or sqlite:FILE');
}

module.exports = { isDatabase, openDatabase };
