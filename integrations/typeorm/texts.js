'use strict';

const { conditionRefused, orderRefused } = require('../columns/refusals.js');

/** @typedef {import('./query-builders.js').Attached} Attached */
/** @typedef {(metadata: object) => Attached[]} ColumnsOf */

/**
 * Throws for a condition on an encrypted column that was written as text, but for those on null.
 *
 * @param {any} map the `QueryExpressionMap`
 * @param {string} where
 * @param {ColumnsOf} columnsOf
 */
function checkConditions(map, where, columnsOf) {
  const joins = map.joinAttributes.map((/** @type {any} */ join) => join.condition ?? '');
  const havings = map.havings.map((/** @type {any} */ having) => having.condition);
  for (const { column, patterns, index } of mentions(map, columnsOf)) {
    for (const text of [where, ...joins, ...havings]) {
      for (const pattern of patterns) {
        const found = pattern.exec(text);
        if (found) throw conditionRefused(column.name, conditionIn(text, found), Boolean(index));
      }
    }
  }
}

/**
 * @param {any} map
 * @param {ColumnsOf} columnsOf
 */
function checkOrder(map, columnsOf) {
  for (const { column, patterns } of mentions(map, columnsOf)) {
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
 * @param {ColumnsOf} columnsOf
 */
function mentions(map, columnsOf) {
  return map.aliases
    .filter((/** @type {any} */ alias) => alias.hasMetadata)
    .flatMap((/** @type {any} */ alias) =>
      columnsOf(alias.metadata).map((attached) => {
        const { databaseName, propertyPath } = attached.source;
        const names = [...new Set([databaseName, propertyPath])];
        const tables = [...new Set([alias.name, alias.metadata.tableName])];
        const patterns = names.flatMap((name) => tables.map((table) => mention(table, name)));
        return { ...attached, patterns };
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
 * Throws for a selection in which the database would compute with an encrypted column, and for groups of equal
 * values and DISTINCT, as no two ciphertexts are equal. A column itself, and COUNT of it, may be selected.
 *
 * @param {any} map
 * @param {ColumnsOf} columnsOf
 */
function checkSelection(map, columnsOf) {
  const selected = map.selects.map((/** @type {any} */ { selection }) => selection ?? '');
  for (const { column, patterns, index } of mentions(map, columnsOf)) {
    /** @param {string} text */
    const isNamed = (text) => patterns.some((/** @type {RegExp} */ pattern) => pattern.test(text));
    /** @param {string} place */
    const refusal = (place) => conditionRefused(column.name, place, Boolean(index));
    const named = selected.filter(isNamed);
    if (named.some((/** @type {string} */ text) => !isPlain(text))) {
      throw refusal('an expression in SELECT');
    }
    if (map.groupBys.some(isNamed)) throw refusal('GROUP BY');
    const isDistinct =
      map.selectDistinct && named.some((/** @type {string} */ text) => !isCount(text));
    if (isDistinct || (map.selectDistinctOn ?? []).some(isNamed)) throw refusal('DISTINCT');
  }
}

/** @param {string} text whether it is a name, be it qualified, or the count of one */
function isPlain(text) {
  return /^[\w."`$]+$/.test(text) || isCount(text);
}

/** @param {string} text */
function isCount(text) {
  return /^count\(\s*[\w."`$]+\s*\)$/i.test(text);
}

module.exports = { checkConditions, checkOrder, checkSelection };
