'use strict';

const { conditionRefused, orderRefused } = require('../columns/refusals.js');
const { invalid } = require('../../lib/errors.js');
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
    checkConditions(builder.expressionMap, expression);
    return expression;
  });
  wrap(prototype, 'createOrderByCombinedWithSelectExpression', (original, builder, alias) => {
    checkOrder(builder.expressionMap);
    return original.call(builder, alias);
  });
  wrap(prototype, 'getInsertedColumns', (original, builder) => {
    const inserted = original.call(builder);
    checkInserted(builder.expressionMap, inserted);
    return inserted;
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
 * Throws for a condition on an encrypted column that was written as text, but for those on null.
 *
 * @param {any} map the `QueryExpressionMap`
 * @param {string} where
 */
function checkConditions(map, where) {
  checkOrder(map);
  const joins = map.joinAttributes.map((/** @type {any} */ join) => join.condition ?? '');
  const havings = map.havings.map((/** @type {any} */ having) => having.condition);
  for (const { column, patterns, index } of mentions(map)) {
    for (const text of [where, ...joins, ...havings]) {
      for (const pattern of patterns) {
        const found = pattern.exec(text);
        if (found) throw conditionRefused(column.name, conditionIn(text, found), Boolean(index));
      }
    }
  }
}

/** @param {any} map */
function checkOrder(map) {
  for (const { column, patterns } of mentions(map)) {
    for (const by of Object.keys(map.allOrderBys)) {
      if (patterns.some((/** @type {RegExp} */ pattern) => pattern.test(by)))
        throw orderRefused(column.name);
    }
  }
}

/**
 * The encrypted columns of all tables of a query, each with how a text would name it.
 *
 * @param {any} map
 */
function mentions(map) {
  return map.aliases
    .filter((/** @type {any} */ alias) => alias.hasMetadata)
    .flatMap((/** @type {any} */ alias) =>
      columnsOf(alias.metadata).map((attached) => {
        const { databaseName, propertyPath } = attached.source;
        const names = [...new Set([databaseName, propertyPath])];
        return { ...attached, patterns: names.map((name) => mention(alias.name, name)) };
      }),
    );
}

/**
 * Matches a column with or without the name of its table, but not before `IS NULL`.
 *
 * @param {string} alias
 * @param {string} name
 */
function mention(alias, name) {
  const [table, column] = [alias, name].map((text) => text.replace(/[^\w]/g, '\\$&'));
  const alone = '(?<![\\w.:$@"\'`])';
  const qualified = `(?<=(?<![\\w"\`])["\`]?${table}["\`]?\\.)`;
  const notNull = '(?!\\s+IS\\s+(?:NOT\\s+)?NULL)';
  return new RegExp(
    `(?:${alone}|${qualified})["\`]?${column}(?![\\w'.])["\`]?${notNull}(?!\\w)`,
    'i',
  );
}

/**
 * @param {string} text
 * @param {RegExpExecArray} found
 */
function conditionIn(text, { 0: { length }, index }) {
  const [, operator] =
    /^["`]?\s*((?:not\s+)?i?like|between|[<>]=?|[a-z]+|[!~=*]+)/i.exec(
      text.slice(index + length),
    ) ?? [];
  return operator ? `a condition with ${operator.toUpperCase()} in SQL` : 'a condition in SQL';
}

/**
 * Throws if a list of columns to insert has a value without its index, or an index without its value.
 *
 * @param {any} map
 * @param {any[]} inserted
 */
function checkInserted(map, inserted) {
  if (!map.mainAlias.hasMetadata) return;
  for (const { column, source, index } of columnsOf(map.mainAlias.metadata)) {
    if (!index || inserted.includes(source) === inserted.includes(index)) continue;
    throw invalid(`insert ${column.name} together with ${index.propertyPath}, its blind index`);
  }
}

module.exports = { guardQueryBuilders, remember };
