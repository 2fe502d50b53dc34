'use strict';

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { EncryptedColumn, fieldsOf } = require('../columns/column.js');
const { expressionRefused, indexRefused } = require('../columns/refusals.js');
const { Sealed, stateOf } = require('./declare.js');
const { columnsOf, indexKey, isNothing, kindOf, schemaName, tableName } = require('./entities.js');
const { rewrite } = require('./conditions.js');
const { withDefaults } = require('./defaults.js');
const { guardSelections } = require('./selections.js');

/** What every statement of a Drizzle database goes through, whatever builds it. */
const METHODS = /** @type {const} */ ([
  'buildInsertQuery',
  'buildUpdateSet',
  'buildSelection',
  'buildSelectQuery',
  'sqlToQuery',
]);

/**
 * Gives the encrypted columns of a schema their keys, and lets a database encrypt what it writes.
 *
 * @param {any} db a Drizzle database
 * @param {unknown} options
 * @returns {any} the same database
 */
function encryptDrizzle(db, options) {
  const checkedOptions = args.options(options, /** @type {const} */ (['fields', 'schema']));
  const fields = fieldsOf(checkedOptions.fields);
  const { dialect } = Object(db);
  if (METHODS.some((method) => typeof dialect?.[method] !== 'function')) {
    throw invalid(
      'give a database of Drizzle for PostgreSQL or SQLite, as drizzle(...) returns it',
    );
  }
  const tables = Object.values(Object(checkedOptions.schema)).filter((table) => columnsOf(table));
  const attached = tables.flatMap((table) => attachTable(table, fields, checkedOptions.fields));
  if (attached.length === 0) throw invalid('no table of the schema declares an encrypted column');
  checkPlain(tables);
  if (typeof checkedOptions.fields !== 'function') for (const column of attached) column.check();
  guard(dialect);
  return db;
}

/**
 * @param {any} table
 * @param {() => import('../columns/column.js').OpenFields} fields
 * @param {unknown} source
 */
function attachTable(table, fields, source) {
  return Object.entries(columnsOf(table)).flatMap(([key, column]) => {
    const state = stateOf(column);
    if (!state) return [];
    const name = `${tableName(table)}.${key}`;
    if (!state.declaration) {
      checkOf(table, name, state);
      return [];
    }
    if (state.declaration.index && indexKey(table, key) === undefined) {
      throw invalid(`${name} has an index, but the table has no column encrypted.index("${key}")`);
    }
    checkDefault(column, name);
    if (state.fields !== undefined && state.fields !== source) {
      throw invalid(
        `${name} has other keys already; give a function as fields to choose by tenant`,
      );
    }
    const place = { table: tableName(table), column: /** @type {any} */ (column).name, name };
    state.column = new EncryptedColumn(state.declaration, place, fields);
    state.fields = source;
    return [state.column];
  });
}

/**
 * Throws if the database would set a column that a row leaves out, as that is not encrypted.
 *
 * @param {any} column
 * @param {string} name
 */
function checkDefault(column, name) {
  if (column.default === undefined && column.generated === undefined) return;
  throw invalid(
    `${name} is encrypted, but the database sets it by default, in the clear: use $defaultFn, or set it in the ` +
      'program',
  );
}

/**
 * Throws if another table of the schema has an encrypted column as a plain one.
 *
 * @param {any[]} tables
 */
function checkPlain(tables) {
  const all = tables.flatMap((table) =>
    Object.entries(columnsOf(table)).map(([key, column]) => {
      const place = `${schemaName(table) ?? ''}.${tableName(table)}.${column.name}`;
      return { place, name: `${tableName(table)}.${key}`, isSealed: Boolean(stateOf(column)) };
    }),
  );
  const sealed = new Set(all.filter(({ isSealed }) => isSealed).map(({ place }) => place));
  const plain = all.find(({ isSealed, place }) => !isSealed && sealed.has(place));
  if (!plain) return;
  throw invalid(
    `${plain.name} is encrypted in one table of the schema, and a plain column in another of the same name`,
  );
}

/**
 * @param {any} table
 * @param {string} name
 * @param {import('./declare.js').State} state
 */
function checkOf(table, name, { of, storage }) {
  const { declaration } = stateOf(columnsOf(table)[/** @type {string} */ (of)]) ?? {};
  if (declaration?.index && declaration.storage === storage) return;
  if (declaration?.index) {
    throw invalid(`${name} needs the storage of "${of}": encrypted.index("${of}", { storage })`);
  }
  throw invalid(
    `${name} is the blind index of "${of}", which is no encrypted column with an index`,
  );
}

/** @param {any} dialect */
function guard(dialect) {
  if (Object.hasOwn(dialect, 'sqlToQuery')) return;
  const { buildInsertQuery, buildUpdateSet, sqlToQuery } = dialect;
  dialect.buildInsertQuery = (/** @type {any} */ config) => {
    const { table, values, select } = config;
    if (select) checkSelect(table);
    const sealed = select
      ? values
      : values.map((/** @type {any} */ row) => seal(table, withDefaults(table, row, false)));
    return buildInsertQuery.call(dialect, { ...config, values: sealed });
  };
  dialect.buildUpdateSet = (/** @type {any} */ table, /** @type {any} */ set) =>
    buildUpdateSet.call(dialect, table, seal(table, withDefaults(table, set, true)));
  guardSelections(dialect);
  dialect.sqlToQuery = (/** @type {any} */ sql, /** @type {any[]} */ ...rest) =>
    sqlToQuery.call(dialect, rewrite(sql), ...rest);
}

/** @param {any} table into which rows of a query would be inserted */
function checkSelect(table) {
  const found = Object.entries(columnsOf(table)).find(([, column]) => stateOf(column)?.declaration);
  if (found) throw expressionRefused(`${tableName(table)}.${found[0]}`);
}

/**
 * Returns the values of a row with those of encrypted columns encrypted, and with their indexes.
 *
 * @param {any} table
 * @param {Record<string, any>} row its values, each a `Param` or an `SQL`
 */
function seal(table, row) {
  const sealed = { ...row };
  for (const [key, column] of Object.entries(columnsOf(table))) {
    const state = stateOf(column);
    if (state?.of && row[key] !== undefined && !isNothing(row[key])) {
      throw indexRefused(key, state.of);
    }
  }
  for (const [key, param] of Object.entries(row)) {
    const encrypted = stateOf(columnsOf(table)[key])?.column;
    if (!encrypted || param === undefined || isNothing(param)) continue;
    if (kindOf(param) !== 'Param' || isPlaceholder(param.value)) {
      throw expressionRefused(encrypted.name);
    }
    /** @param {string} name @param {unknown} value */
    const put = (name, value) => {
      const stored = value === null ? null : new Sealed(value);
      sealed[name] = new param.constructor(stored, columnsOf(table)[name]);
    };
    put(key, encrypted.encrypt(param.value));
    const index = indexKey(table, key);
    if (index !== undefined) put(index, encrypted.index(param.value));
  }
  return sealed;
}

/** @param {unknown} value */
function isPlaceholder(value) {
  return kindOf(value) === 'Placeholder' || kindOf(value) === 'SQL';
}

module.exports = { encryptDrizzle };
