'use strict';

const { invalid } = require('../../lib/errors.js');
const { isArray } = require('../../lib/input/index.js');
const { fromJson } = require('../columns/json-bytes.js');

/**
 * Returns the rows of a result, decrypted.
 *
 * @param {any[]} rows
 * @param {import('./outputs.js').Outputs} outputs
 */
function decryptRows(rows, outputs) {
  return rows.map((row) => decryptRow(row, outputs));
}

/**
 * @param {any} row
 * @param {import('./outputs.js').Outputs} outputs
 */
function decryptRow(row, outputs) {
  const decrypted = { ...row };
  for (const [column, { name, sealed, json }] of outputs) {
    if (!Object.hasOwn(row, column)) {
      throw invalid(
        `the result has no column ${column}, in which ${name} is: give plugins that rename columns as the ` +
          'option `plugins` of encryptedTables',
      );
    }
    if (sealed) decrypted[column] = sealed.decrypt(fromJson(row[column]));
    if (json) decrypted[column] = decryptJson(row[column], json);
  }
  return decrypted;
}

/**
 * @param {unknown} value as PostgreSQL gives it; of SQLite it is text
 * @param {import('./outputs.js').Outputs} outputs
 */
function decryptJson(value, outputs) {
  const parsed = typeof value === 'string' ? JSON.parse(value) : value;
  if (isArray(parsed)) return decryptRows(parsed, outputs);
  return parsed == null ? parsed : decryptRow(parsed, outputs);
}

module.exports = { decryptRows };
