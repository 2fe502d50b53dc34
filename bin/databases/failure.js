'use strict';

const { Failure } = require('../support/errors.js');

/** By SQLSTATE, or its class, or a code of the system or SQLite. */
const REASONS = Object.entries({
  '08': 'the connection was lost; run the command again',
  28: 'the server refuses the user or the password; set PGUSER and PGPASSWORD',
  '3D000': 'the server has no database of that name',
  '42P01': 'a table is not there; check --table',
  42703: 'a column is not there; check --column, --to and --index',
  42501: 'the user may not read or write the table; grant SELECT and UPDATE',
  22001: 'the column is too short for encrypted values; make it longer, or give --to',
  23505: 'an encrypted value, or an index, is there twice, and the column is unique',
  23514: 'a check of the table refuses encrypted values; drop it, or give --to',
  40: 'another transaction was in the way; run the command again',
  53: 'the server has no room, or too many connections',
  55: 'a row or the table is locked; run the command again',
  57: 'the server ended the statement; run the command again',
  ECONNREFUSED: 'nobody listens there; check the host and the port',
  ENOTFOUND: 'the name of the host is not known',
  ETIMEDOUT: 'the server does not answer',
  ECONNRESET: 'the connection was lost; run the command again',
  SQLITE_BUSY: 'another process holds the database for long; run the command again',
  SQLITE_LOCKED: 'another process holds the database for long; run the command again',
  SQLITE_READONLY: 'the file cannot be written',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_NOTADB: 'the file is no SQLite database, or is encrypted',
  SQLITE_FULL: 'the disk is full',
  SQLITE_CONSTRAINT: 'a constraint of the table refuses what is written',
});

/** SQLite's primary result codes, which `node:sqlite` gives as numbers. */
const SQLITE_CODES = /** @type {Record<number, string>} */ ({
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
});

/** What a value of a row is refused for: by SQLSTATE's class, or by SQLite's code. */
const OF_ROW = /^(22|23|SQLITE_CONSTRAINT)/;

/** What a database refused; `isOfRow` if another row may be taken. */
class DatabaseFailure extends Failure {
  /**
   * @param {string} message
   * @param {boolean} isOfRow
   */
  constructor(message, isOfRow) {
    super('DATABASE', message);
    this.isOfRow = isOfRow;
  }
}

/**
 * What a database refused. Its own words may hold values of rows, so only its code is told.
 *
 * @param {unknown} error
 * @param {string} task
 */
function databaseFailure(error, task) {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const reason = REASONS.find(([known]) => code.startsWith(known))?.[1];
  const text = `${task}: ${reason ?? 'the database refused it'} (${code})`;
  return new DatabaseFailure(text, OF_ROW.test(code));
}

/** @param {unknown} error */
function codeOf(error) {
  const { code, errcode } = /** @type {{ code?: unknown, errcode?: unknown }} */ (Object(error));
  if (typeof errcode === 'number') {
    return SQLITE_CODES[errcode & 0xff] ?? `SQLITE ${errcode & 0xff}`;
  }
  return typeof code === 'string' && /^\w{2,40}$/.test(code) ? code : 'no code';
}

module.exports = { DatabaseFailure, databaseFailure };
