'use strict';

const { expressionRefused, indexRefused } = require('../columns/refusals.js');
const { invalid } = require('../../lib/errors.js');
const { checkConditions, checkOrder, checkSelection } = require('./texts.js');
const { rewriteWhere } = require('./where.js');

/**
 * @typedef {{ metadata: any, source: any, index: any, column: import('../columns/column.js').SealedColumn }} Attached
 *   source, index: the `ColumnMetadata` of the value and of its blind index, if it has one
 */

/** The encrypted columns by their `EntityMetadata`. @type {WeakMap<object, Attached[]>} */
const columns = new WeakMap();
/** The prototypes of TypeORM's query builders that are guarded. */
const guarded = new WeakSet();

/**
 * @param {object} metadata
 * @param {Attached[]} attached
 */
function remember(metadata, attached) {
  columns.set(metadata, attached);
}

/** @param {object} metadata */
function columnsOf(metadata) {
  return columns.get(metadata) ?? [];
}

/**
 * Lets the query builders of this copy of TypeORM search by indexes, and refuse what these cannot answer.
 * Entities without encrypted columns are not affected.
 *
 * @param {any} dataSource
 */
function guardQueryBuilders(dataSource) {
  const select = dataSource.createQueryBuilder();
  const builders = [
    select,
    select.insert(),
    select.update({}),
    select.delete(),
    select.softDelete(),
  ];
  for (const builder of builders) {
    for (let { prototype } = builder.constructor; prototype !== Object.prototype;) {
      guard(prototype);
      prototype = Object.getPrototypeOf(prototype);
    }
  }
}

/** @param {any} prototype */
function guard(prototype) {
  if (guarded.has(prototype)) return;
  guarded.add(prototype);
  wrap(prototype, 'buildWhere', (original, builder, where, metadata, alias, prefix) =>
    original.call(
      builder,
      rewriteWhere(where, metadata, columnsOf, prefix),
      metadata,
      alias,
      prefix,
    ),
  );
  wrap(prototype, 'getPredicates', (original, builder, where) => {
    const { mainAlias } = builder.expressionMap;
    if (!mainAlias.hasMetadata) return original.call(builder, where);
    return original.call(builder, rewriteWhere(where, mainAlias.metadata, columnsOf));
  });
  wrap(prototype, 'createWhereExpression', (original, builder) => {
    const expression = original.call(builder);
    const { expressionMap } = builder;
    checkOrder(expressionMap, columnsOf);
    checkConditions(expressionMap, expression, columnsOf);
    if (expressionMap.queryType === 'select') checkSelection(expressionMap, columnsOf);
    return expression;
  });
  wrap(prototype, 'createUpsertConditionExpression', (original, builder, table) => {
    const expression = original.call(builder, table);
    checkConditions(builder.expressionMap, expression, columnsOf);
    return expression;
  });
  wrap(prototype, 'createOrderByCombinedWithSelectExpression', (original, builder, alias) => {
    checkOrder(builder.expressionMap, columnsOf);
    return original.call(builder, alias);
  });
  wrap(prototype, 'getInsertedColumns', (original, builder) => {
    const inserted = original.call(builder);
    checkInserted(builder.expressionMap, inserted);
    return inserted;
  });
  wrap(prototype, 'createUpdateExpression', (original, builder) => {
    checkUpdated(builder.expressionMap);
    return original.call(builder);
  });
  wrap(prototype, 'getTableName', (original, builder, path) => {
    checkPath(builder, path);
    return original.call(builder, path);
  });
}

/**
 * @param {any} prototype
 * @param {string} method
 * @param {(original: Function, builder: any, ...args: any[]) => unknown} by
 */
function wrap(prototype, method, by) {
  if (!Object.hasOwn(prototype, method)) return;
  const original = prototype[method];
  /** @this {any} @param {any[]} args */
  prototype[method] = function (...args) {
    return by(original, this, ...args);
  };
}

/**
 * Throws for a list of columns to insert, or to overwrite in a conflict, that has a value without its index or an
 * index without its value, and for values that a query gives.
 *
 * @param {any} map the `QueryExpressionMap`
 * @param {any[]} inserted
 */
function checkInserted(map, inserted) {
  if (!map.mainAlias.hasMetadata) return;
  const overwritten = map.onUpdate?.overwrite ?? [];
  for (const { column, source, index } of columnsOf(map.mainAlias.metadata)) {
    const isInserted = inserted.includes(source);
    if (map.insertFromSelect && (isInserted || inserted.includes(index))) {
      throw expressionRefused(column.name);
    }
    if (!index) continue;
    const isOverwritten = overwritten.includes(source.databaseName);
    if (isInserted !== inserted.includes(index)) {
      throw invalid(`insert ${column.name} together with ${index.propertyPath}, its blind index`);
    }
    if (isOverwritten !== overwritten.includes(index.databaseName)) {
      throw invalid(
        `overwrite ${column.name} together with ${index.databaseName}, its blind index: name both in orUpdate`,
      );
    }
  }
}

/**
 * Throws for an update of an index without its value.
 *
 * @param {any} map the `QueryExpressionMap`
 */
function checkUpdated(map) {
  if (!map.mainAlias.hasMetadata) return;
  for (const { column, source, index } of columnsOf(map.mainAlias.metadata)) {
    if (!index || valueAt(map.valuesSet, index) === undefined) continue;
    if (valueAt(map.valuesSet, source) === undefined) {
      throw indexRefused(index.propertyPath, column.name);
    }
  }
}

/**
 * @param {any} values
 * @param {any} column a `ColumnMetadata`
 */
function valueAt(values, { propertyPath }) {
  return propertyPath.split('.').reduce((/** @type {any} */ at, /** @type {string} */ key) => {
    return at == null ? undefined : at[key];
  }, values);
}

/**
 * Throws for a table with encrypted columns that is named by its path in the database, in a way by which TypeORM
 * does not find its entity: it would write the values as they are.
 *
 * @param {any} builder
 * @param {string} path such as `public.users`
 */
function checkPath({ dataSource, connection, expressionMap }, path) {
  const isEntity = expressionMap.aliases.some(
    (/** @type {any} */ alias) => alias.hasMetadata && alias.metadata.tablePath === path,
  );
  if (isEntity) return;
  const name = bareName(path);
  const found = (dataSource ?? connection).entityMetadatas.find(
    (/** @type {any} */ metadata) =>
      columnsOf(metadata).length > 0 && bareName(metadata.tableName) === name,
  );
  if (!found) return;
  throw invalid(
    `${path} is the table of ${found.name}, which has encrypted columns: give the entity, or ${found.tablePath}`,
  );
}

/** @param {string} path the name of a table, with or without its schema */
function bareName(path) {
  const name = path.split('.').at(-1) ?? path;
  return name.replace(/["'`[\]]/g, '').toLowerCase();
}

module.exports = { guardQueryBuilders, remember };
