'use strict';

const { isArray } = require('../../lib/input/index.js');
const { conditionRefused } = require('../columns/refusals.js');
const { NULL_CHECK, rewriteSelected } = require('./conditions.js');
const { stateOf } = require('./declare.js');
const { columnsIn, encryptedIn, kindOf } = require('./entities.js');

/**
 * Throws for a query that compares rows by their ciphertexts, of which no two are equal: DISTINCT, GROUP BY and
 * set operations. Rows with their primary key are equal only to themselves, and may be compared.
 *
 * @param {any} config of Drizzle's `buildSelectQuery`
 */
function checkCompared({ fields, fieldsFlat, distinct, groupBy, setOperators }) {
  const selected = fieldsFlat ?? fields;
  if (isArray(distinct?.on)) refuseCompared(distinct.on, 'DISTINCT ON');
  else if (distinct) refuseCompared(selected, 'DISTINCT');
  if (groupBy) refuseCompared(groupBy, 'GROUP BY');
  const found = setOperators?.find(
    (/** @type {any} */ { type, isAll }) => type !== 'union' || !isAll,
  );
  if (found) refuseCompared(selected, found.type.toUpperCase());
}

/**
 * @param {any} selected
 * @param {string} place for errors
 */
function refuseCompared(selected, place) {
  const columns = columnsIn(selected);
  for (const column of columns) {
    if (!stateOf(column)?.declaration) continue;
    const isKnown = columns.some(({ primary, table }) => primary && table === column.table);
    if (!isKnown) throw refused(column, place);
  }
}

/**
 * Returns the fields of a selection, with conditions in SQL turned into those on indexes. Throws for SQL in which the
 * database would compute with an encrypted column, or would give its ciphertext.
 *
 * @param {Array<{ field: any }>} fields
 */
function checkSelected(fields) {
  return fields.map((one) => ({ ...one, field: checkField(one.field) }));
}

/** @param {any} field */
function checkField(field) {
  if (kindOf(field) === 'SQL') return checkSql(field);
  if (kindOf(field) !== 'SQL.Aliased' || field.isSelectionField) return field;
  const sql = checkSql(field.sql);
  return sql === field.sql ? field : new field.constructor(sql, field.fieldAlias);
}

/** @param {any} sql */
function checkSql(sql) {
  if (!encryptedIn(sql)) return sql;
  const rewritten = rewriteSelected(sql);
  const parts = partsOf(rewritten);
  for (const [i, part] of parts.entries()) {
    const column = kindOf(part) === 'Table' ? undefined : encryptedIn(part);
    if (!column) continue;
    const [before, after] = [String(parts[i - 1] ?? ''), String(parts[i + 1] ?? '')];
    const isCounted = /\bcount\(\s*$/i.test(before) && /^\s*\)/.test(after);
    const isChosen = /\bexists\s*\(?\s*$/i.test(before) && part !== column;
    const isAlone = parts.every((other) => other === part || /^[\s()]*$/.test(String(other)));
    const isDecrypted = isAlone && stateOf(sql.decoder) === stateOf(column);
    if (!isCounted && !isChosen && !isDecrypted && !NULL_CHECK.test(after)) {
      throw refused(column, 'SQL in a selection');
    }
  }
  return rewritten;
}

/**
 * Returns the parts of SQL, with those of SQL within it in its place: texts, columns, and queries.
 *
 * @param {any} chunk
 * @returns {any[]}
 */
function partsOf(chunk) {
  if (isArray(chunk)) return chunk.flatMap(partsOf);
  const kind = kindOf(chunk);
  if (kind === 'SQL') return chunk.queryChunks.flatMap(partsOf);
  if (kind === 'SQL.Aliased') return partsOf(chunk.sql);
  if (kind !== 'StringChunk') return [chunk];
  const text = chunk.value.join('');
  return text === '' ? [] : [text];
}

/**
 * @param {any} column
 * @param {string} place
 */
function refused(column, place) {
  const state = stateOf(column);
  const name = state?.column?.name ?? column.name;
  return conditionRefused(name, place, Boolean(state?.declaration?.index));
}

/**
 * Lets a dialect of Drizzle check what is selected.
 *
 * @param {any} dialect
 */
function guardSelections(dialect) {
  const { buildSelection, buildSelectQuery } = dialect;
  /** How many relational queries are being built: what they select beside `extras` is Drizzle's own. */
  let relational = 0;
  dialect.buildSelectQuery = (/** @type {any} */ config) => {
    if (relational === 0) checkCompared(config);
    return buildSelectQuery.call(dialect, config);
  };
  dialect.buildSelection = (/** @type {any} */ fields, /** @type {any[]} */ ...rest) => {
    const checked = relational === 0 ? checkSelected(fields) : fields;
    return buildSelection.call(dialect, checked, ...rest);
  };
  for (const method of ['buildRelationalQuery', 'buildRelationalQueryWithoutPK']) {
    const build = dialect[method];
    if (typeof build !== 'function') continue;
    dialect[method] = (/** @type {any} */ config) => {
      relational++;
      try {
        return build.call(dialect, { ...config, queryConfig: withChecked(config.queryConfig) });
      } finally {
        relational--;
      }
    };
  }
}

/**
 * Returns the configuration of a relational query, whose `extras` are checked.
 *
 * @param {any} config
 */
function withChecked(config) {
  const extras = config?.extras;
  if (!extras) return config;
  /** @param {Record<string, any>} expressions */
  const check = (expressions) =>
    Object.fromEntries(Object.entries(expressions).map(([key, field]) => [key, checkField(field)]));
  return {
    ...config,
    extras:
      typeof extras === 'function'
        ? (/** @type {any[]} */ ...args) => check(extras(...args))
        : check(extras),
  };
}

module.exports = { guardSelections };
