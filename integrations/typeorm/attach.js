'use strict';

const { isProxy } = require('node:util').types;

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { EncryptedColumn, fieldsOf, sameValue } = require('../columns/column.js');
const { expressionRefused } = require('../columns/refusals.js');
const { Closed } = require('./declare.js');
const { guardQueryBuilders, remember } = require('./query-builders.js');
const { isOperator } = require('./where.js');
const { checkQueries } = require('./self-check.js');

/** @typedef {import('./query-builders.js').Attached} Attached */

/**
 * Gives the declared columns of a data source their keys.
 *
 * @param {any} dataSource a `DataSource` that is initialized
 * @param {unknown} options
 * @returns {any} the same data source
 */
function encryptDataSource(dataSource, options) {
  const checkedOptions = args.options(options, /** @type {const} */ (['fields']));
  const fields = fieldsOf(checkedOptions.fields);
  if (isProxy(dataSource) || dataSource?.isInitialized !== true) {
    throw invalid(
      'give a DataSource of TypeORM that is initialized: await dataSource.initialize()',
    );
  }
  const attached = dataSource.entityMetadatas.flatMap((/** @type {any} */ metadata) =>
    attachEntity(metadata, fields),
  );
  if (attached.length === 0) {
    throw invalid('no entity of the data source declares a column that is to be encrypted');
  }
  checkPlain(dataSource, attached);
  guardQueryBuilders(dataSource);
  if (typeof checkedOptions.fields !== 'function') {
    for (const { column } of attached) column.check();
    checkQueries(dataSource, attached);
  }
  return dataSource;
}

/**
 * @param {any} metadata an `EntityMetadata`
 * @param {() => import('../columns/column.js').OpenFields} fields
 * @returns {Attached[]}
 */
function attachEntity(metadata, fields) {
  /** @type {Attached[]} */
  const attached = [];
  for (const source of metadata.columns) {
    const { transformer } = source;
    if (args.isArray(transformer) && transformer.some((one) => one instanceof Closed)) {
      throw invalid(`${nameOf(source)} is encrypted, and can have no other transformer`);
    }
    if (!(transformer instanceof Closed) || !transformer.declaration) continue;
    const column = new EncryptedColumn(
      transformer.declaration,
      { table: metadata.tableName, column: source.databaseName, name: nameOf(source) },
      fields,
    );
    const index = indexColumn(metadata, source, transformer);
    seal(source, column);
    if (index) deriveIndex(metadata, source, index, column);
    attached.push({ metadata, source, index, column });
  }
  if (attached.length > 0) remember(metadata, attached);
  return attached;
}

/**
 * Throws if another entity of the same table has an encrypted column as a plain one.
 *
 * @param {any} dataSource
 * @param {Attached[]} attached
 */
function checkPlain(dataSource, attached) {
  for (const { metadata, source, column } of attached) {
    for (const other of dataSource.entityMetadatas) {
      if (other.tablePath !== metadata.tablePath) continue;
      const same = other.findColumnWithDatabaseName(source.databaseName);
      if (!same || attached.some((one) => one.source === same)) continue;
      throw invalid(
        `${nameOf(same)} is a plain column, but in its table ${column.name} is encrypted: declare it as ` +
          'encrypted in both entities',
      );
    }
  }
}

/** @param {any} source a `ColumnMetadata` */
function nameOf(source) {
  return `${source.entityMetadata.name}.${source.propertyPath}`;
}

/**
 * @param {any} metadata
 * @param {any} source
 * @param {InstanceType<typeof Closed>} transformer
 */
function indexColumn(metadata, source, { indexProperty }) {
  if (indexProperty === undefined) return undefined;
  const path = [...source.propertyPath.split('.').slice(0, -1), indexProperty].join('.');
  const index = metadata.findColumnWithPropertyPath(path);
  if (index?.transformer instanceof Closed && !index.transformer.declaration) return index;
  throw invalid(
    `${nameOf(source)} is encrypted, but the column ${path} of its blind index is missing`,
  );
}

/**
 * Lets a column encrypt what TypeORM writes, and decrypt what it reads.
 *
 * `save` compares an entity with the stored one, each encrypted: that of a value which has not changed is
 * given out once more for the comparison, so that such a column is not written. It is never stored.
 *
 * @param {any} source
 * @param {import('../columns/column.js').SealedColumn} column
 */
function seal(source, column) {
  /** @type {{ value: unknown, sealed: unknown } | undefined} */
  let compared;
  source.transformer = {
    to(/** @type {unknown} */ value) {
      const last = compared;
      compared = undefined;
      if (last && sameValue(last.value, value)) return last.sealed;
      return column.encrypt(value);
    },
    from: (/** @type {unknown} */ stored) => column.decrypt(stored),
  };
  const read = source.getEntityValue.bind(source);
  source.getEntityValue = (/** @type {any} */ entity, /** @type {boolean} */ transform) => {
    const value = read(entity);
    if (typeof value === 'function') throw expressionRefused(column.name);
    if (!transform || value === undefined || isOperator(value)) return value;
    const sealed = column.encrypt(value);
    compared = { value, sealed };
    return sealed;
  };
}

/**
 * Lets the column of an index follow its source, wherever TypeORM asks for its value.
 *
 * @param {any} metadata
 * @param {any} source
 * @param {any} index
 * @param {import('../columns/column.js').SealedColumn} column
 */
function deriveIndex(metadata, source, index, column) {
  index.transformer = undefined;
  const read = index.getEntityValue.bind(index);
  index.getEntityValue = (/** @type {any} */ entity) => {
    const stored = read(entity);
    if (isOperator(stored)) return stored;
    const value = source.getEntityValue(entity);
    return isOperator(value) ? value : column.index(value);
  };
  const find = metadata.findColumnsWithPropertyPath.bind(metadata);
  metadata.findColumnsWithPropertyPath = (/** @type {string} */ path) =>
    path === source.propertyPath ? [source, index] : find(path);
}

module.exports = { encryptDataSource };
