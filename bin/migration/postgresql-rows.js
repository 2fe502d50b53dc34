'use strict';

const { keyedRows } = require('./keyed-rows.js');
const { quoted, quotedTable } = require('./table.js');

/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./table.js').ColumnInfo} ColumnInfo */

/**
 * Returns the rows of a table of PostgreSQL.
 *
 * @param {import('../databases').Database} database
 * @param {import('./table.js').Shape} shape
 * @returns {import('./keyed-rows.js').Rows}
 */
function postgresqlRows(database, shape) {
  const { key, source, target, indexes } = shape;
  const parts = [`${quoted(key.name)}::text AS key`, `${exact(source)} AS source`];
  parts.push(`${exact(target)} AS target`);
  indexes.forEach((index, i) => parts.push(`${exact(index)} AS index${i}`));
  const rows = keyedRows(database, shape, {
    columns: parts.join(', '),
    asText: (name) => `${name}::text`,
    value: (number) => `$${number}`,
    keyValue: (number) => `$${number}::text::${key.type}`,
    toRow({ key, source, target, ...rest }) {
      return { key, source, target, indexes: indexes.map((_, i) => rest[`index${i}`]) };
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
  const written = await query(
    `UPDATE ${quotedTable(table)} AS t SET ${set.join(', ')}
     FROM unnest(${lists.join(', ')}) AS v (${arrays.map(({ name }) => name).join(', ')})
     WHERE t.${quoted(key.name)} = v.key::${key.type}
       AND ${exact(source, 't.')} IS NOT DISTINCT FROM v.source
       AND ${exact(target, 't.')} IS NOT DISTINCT FROM v.target
     RETURNING v.key`,
    arrays.map(({ values }) => values),
  );
  return new Set(written.map((row) => row.key));
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

module.exports = { postgresqlRows };
