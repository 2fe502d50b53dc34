'use strict';

const { usage } = require('../support/errors.js');

/**
 * A blind index that is written: to which column, and as `fields.column` takes it.
 *
 * @typedef {{
 *   column: string, name: string, encoding: import('../..').FieldEncoding | undefined,
 *   options: import('../..').FieldIndexOptions,
 * }} IndexOption
 */

const ENCODINGS = ['base64url', 'base64', 'hex'];

/**
 * Reads `--index COLUMN,name=NAME,normalize=A+B,bits=N,encoding=ENCODING`.
 *
 * @param {string[]} texts
 * @returns {IndexOption[]}
 */
function indexOptionsOf(texts = []) {
  const indexes = texts.map(indexOptionOf);
  if (new Set(indexes.map(({ name }) => name)).size === indexes.length) return indexes;
  throw usage('two of --index have the same name; give name=NAME to all but one');
}

/** @param {string} text */
function indexOptionOf(text) {
  const [column = '', ...parts] = text.split(',');
  const found = new Map();
  for (const part of parts) {
    const [, key = '', value = ''] = /^(name|normalize|bits|encoding)=(.+)$/.exec(part) ?? [];
    if (key === '' || found.has(key)) throw wrong(text);
    found.set(key, value);
  }
  const { name = '', normalize, bits, encoding } = Object.fromEntries(found);
  if (column === '' || (bits !== undefined && !/^\d{1,3}$/.test(bits))) throw wrong(text);
  if (encoding !== undefined && !ENCODINGS.includes(encoding)) throw wrong(text);
  const options = {
    ...(normalize === undefined ? {} : { normalize: normalize.split('+') }),
    ...(bits === undefined ? {} : { bits: Number(bits) }),
  };
  return /** @type {IndexOption} */ ({ column, name, encoding, options });
}

/** @param {string} text */
function wrong(text) {
  return usage(
    `--index '${text}' is not COLUMN[,name=NAME][,normalize=A+B][,bits=N][,encoding=hex]`,
  );
}

module.exports = { indexOptionsOf };
