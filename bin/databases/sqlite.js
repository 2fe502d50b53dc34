'use strict';

const fs = require('node:fs');

const { Failure } = require('../support/errors.js');
const { databaseFailure } = require('./failure.js');
const { missingPeer, peer } = require('./peer.js');

/** How long to wait for another process that writes, in milliseconds. */
const BUSY_MS = 10_000;

/**
 * A file, by the user's `better-sqlite3`, or by Node.js itself where that can. Integers are bigints.
 *
 * @param {string} file
 * @param {{ create?: boolean, readOnly?: boolean }} options
 * @returns {Promise<import('.').Database>}
 */
async function openSqlite(file, { create = false, readOnly = false }) {
  if (!create && !fs.existsSync(file)) {
    throw new Failure('FILE_NOT_FOUND', `'${file}' does not exist; check the path`);
  }
  let driver;
  try {
    driver = openByPeer(file, readOnly) ?? openByNode(file, readOnly);
    driver.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // What an encrypted value replaces is overwritten in the file, too.
    driver.exec('PRAGMA secure_delete = ON');
  } catch (error) {
    throw databaseFailure(error, `'${file}' cannot be opened`);
  }
  const { exec, all, close } = driver;
  return {
    dialect: 'sqlite',
    async query(sql, parameters = []) {
      try {
        return all(sql, parameters);
      } catch (error) {
        throw databaseFailure(error, 'the database did not do what it was asked');
      }
    },
    async close() {
      // Old values do not stay in the log of writes.
      if (!readOnly) exec('PRAGMA wal_checkpoint(TRUNCATE)');
      close();
    },
  };
}

/**
 * @typedef {{
 *   exec(sql: string): void,
 *   all(sql: string, parameters: unknown[]): any[],
 *   close(): void,
 * }} Driver
 */

/**
 * @param {string} file
 * @param {boolean} readonly
 * @returns {Driver | undefined}
 */
function openByPeer(file, readonly) {
  const Database = peer('better-sqlite3');
  if (!Database) return undefined;
  const database = new Database(file, { readonly }).defaultSafeIntegers(true);
  return {
    exec: (sql) => database.exec(sql),
    all(sql, parameters) {
      const statement = database.prepare(sql);
      if (statement.reader) return statement.all(...parameters);
      statement.run(...parameters);
      return [];
    },
    close: () => database.close(),
  };
}

/**
 * @param {string} file
 * @param {boolean} readOnly
 * @returns {Driver}
 */
function openByNode(file, readOnly) {
  const sqlite = nodeSqlite();
  if (!sqlite) throw missingPeer('better-sqlite3', ', or use Node.js 22.13 or later');
  const database = new sqlite.DatabaseSync(file, { readOnly });
  return {
    exec: (sql) => database.exec(sql),
    all(sql, parameters) {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return statement.all(...parameters);
    },
    close: () => database.close(),
  };
}

/** @returns {any} nothing where Node.js has none */
function nodeSqlite() {
  const { emitWarning } = process;
  // It is told on standard error that it is experimental, amid what programs read there.
  process.emitWarning = () => {};
  try {
    return require('node:sqlite');
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

module.exports = { openSqlite };
