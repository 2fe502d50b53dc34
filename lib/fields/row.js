'use strict';

const { isUint8Array } = require('node:util').types;

const { invalid } = require('../errors.js');
const { byteArray } = require('../input/bytes.js');
const { kind } = require('../input/kind.js');

/**
 * Returns a row as text or bytes: a number and its decimal text are the same row.
 *
 * @param {unknown} row
 * @returns {string | Uint8Array | undefined}
 */
function rowOf(row) {
  if (typeof row === 'string') {
    if (row.isWellFormed()) return row;
    throw invalid('row is a string that is not well-formed Unicode');
  }
  if (row === undefined) return undefined;
  if (typeof row === 'bigint' || Number.isSafeInteger(row)) return String(row);
  if (isUint8Array(row)) return byteArray(row, 'row');
  throw invalid(`row must be a string, a safe integer, a bigint or bytes, not ${kind(row)}`);
}

module.exports = { rowOf };
