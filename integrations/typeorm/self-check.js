'use strict';

const { EnvelopeError } = require('../../lib/errors.js');
const { sameValue } = require('../columns/column.js');

/** What is written to look at the parameters of the statement; it goes to no database. */
const PROBES = {
  text: 'kms-envelope probe',
  bytes: Buffer.from('kms-envelope probe'),
  boolean: true,
  integer: 7_340_033,
  bigint: 7_340_033n,
  number: 7_340_033.5,
  json: { probe: 'kms-envelope probe' },
  date: new Date(7_340_033),
};

/**
 * Throws unless the statements that this version of TypeORM makes have ciphertexts and indexes where the
 * values were: what this adapter relies on may change with a release.
 *
 * @param {any} dataSource
 * @param {import('./query-builders.js').Attached[]} attached
 */
function checkQueries(dataSource, attached) {
  for (const { metadata, source, index, column } of attached) {
    const type = /** @type {keyof typeof PROBES} */ (column.type);
    const values = nest(source.propertyPath, PROBES[type]);
    const builder = () => dataSource.createQueryBuilder();
    const { target } = metadata;
    const statements = [
      builder().insert().into(target).values(values),
      builder().update(target).set(values),
    ];
    for (const statement of statements) {
      const [, parameters] = statement.getQueryAndParameters();
      const isSealed = parameters.some((/** @type {unknown} */ one) =>
        isOf(column, one, PROBES[type]),
      );
      const isFound =
        !index ||
        parameters.some((/** @type {unknown} */ one) => same(one, column.index(PROBES[type])));
      if (!isSealed || !isFound) throw unknownVersion(column.name);
    }
  }
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {any}
 */
function nest(path, value) {
  return path
    .split('.')
    .reduceRight((/** @type {unknown} */ inner, key) => ({ [key]: inner }), value);
}

/**
 * @param {import('../columns/column.js').SealedColumn} column
 * @param {unknown} parameter
 * @param {unknown} value
 */
function isOf(column, parameter, value) {
  try {
    return sameValue(column.decrypt(parameter), value);
  } catch {
    return false;
  }
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
function same(a, b) {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

/** @param {string} name */
function unknownVersion(name) {
  return new EnvelopeError(
    'ERR_ENVELOPE_INTERNAL',
    `this version of TypeORM writes ${name} in a way that this release does not know; use one that the ` +
      'documentation names, and please report this',
  );
}

module.exports = { checkQueries };
