'use strict';

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { EncryptedColumn, fieldsOf } = require('../columns/column.js');
const { declare } = require('../columns/declaration.js');
const { unopened } = require('../columns/refusals.js');
const { decryptRows } = require('./rows.js');
const { refuseRenamed } = require('./outputs.js');
const { Scope } = require('./scope.js');
const { rewriteStatement } = require('./statements.js');

/** @typedef {import('./outputs.js').Entry} Entry */
/** @typedef {import('./outputs.js').Outputs} Outputs */

/**
 * Returns a plugin of Kysely that encrypts and decrypts the declared columns.
 *
 * @param {unknown} tables the declarations of columns, by table and column
 * @param {unknown} [options]
 */
function encryptedTables(tables, options) {
  return new EncryptedTables(tables, options);
}

/** Until it is open, statements on its tables are refused. */
class EncryptedTables {
  /** @type {Map<string, Outputs>} */
  #tables = new Map();
  #declared = {
    names: () => [...this.#tables.keys()],
    /** @param {string} table */
    columnsOf: (table) => this.#columnsOf(table),
  };
  /** @type {(() => import('../columns/column.js').OpenFields) | undefined} */
  #fields;
  /** @type {any[]} */
  #plugins;
  /** The encrypted columns of the results, by the id of the query. @type {WeakMap<object, Outputs>} */
  #results = new WeakMap();
  /** What this has rewritten, so that a part of another statement is not rewritten again. */
  #rewritten = new WeakMap();

  /**
   * @param {unknown} tables
   * @param {unknown} options
   */
  constructor(tables, options) {
    const { plugins } = args.options(options, /** @type {const} */ (['plugins']));
    this.#plugins = plugins === undefined ? [] : args.list(plugins, 'plugins');
    for (const [table, columns] of Object.entries(Object(tables))) {
      this.#tables.set(table, this.#declareTable(table, columns));
    }
    if (this.#tables.size === 0) throw invalid('the tables declare no column to be encrypted');
  }

  /**
   * Gives the columns their keys.
   *
   * @param {unknown} options
   */
  open(options) {
    const checkedOptions = args.options(options, /** @type {const} */ (['fields']));
    if (this.#fields) {
      throw invalid('the tables are open already; give a function as fields to choose by tenant');
    }
    this.#fields = fieldsOf(checkedOptions.fields);
    if (typeof checkedOptions.fields === 'function') return this;
    for (const columns of this.#tables.values()) {
      for (const { sealed } of columns.values()) sealed?.check();
    }
    return this;
  }

  /** @param {{ node: any, queryId: object }} query */
  transformQuery({ node, queryId }) {
    if (this.#rewritten.has(node)) throw invalid('the plugin is in the list of plugins twice');
    const scope = new Scope(this.#declared, this.#rewritten);
    const rewritten = rewriteStatement(node, scope);
    // The rows of EXPLAIN are a plan.
    if (!node.explain) this.#results.set(queryId, rewritten.outputs);
    const inner = this.#plugins.reduce(
      (statement, plugin) => plugin.transformQuery({ node: statement, queryId }),
      rewritten.node,
    );
    const { unresolved } = scope;
    this.#rewritten.set(inner, { node: inner, outputs: rewritten.outputs, unresolved });
    return inner;
  }

  /** @param {{ result: any, queryId: object }} answer */
  async transformResult({ result, queryId }) {
    for (const plugin of this.#plugins) {
      result = await plugin.transformResult({ result, queryId });
    }
    const outputs = this.#results.get(queryId);
    if (!outputs?.size || !result.rows) return result;
    return { ...result, rows: decryptRows(result.rows, outputs) };
  }

  /**
   * @param {string} table
   * @param {unknown} columns
   */
  #declareTable(table, columns) {
    /** @type {Outputs} */
    const entries = new Map();
    if (table.includes('.')) throw invalid(`write the table ${table} without its schema`);
    /** @param {string} column @param {Entry} entry */
    const add = (column, entry) => {
      if (entries.has(column)) throw invalid(`${entry.name} is declared twice`);
      entries.set(column, entry);
    };
    for (const [column, options] of Object.entries(Object(columns))) {
      const { declaration } = declare(options);
      const name = `${table}.${column}`;
      if (declaration.index?.unique) throw notMade(name);
      const sealed = new EncryptedColumn(declaration, { table, column, name }, () => {
        if (!this.#fields) throw closed(name);
        return this.#fields();
      });
      const index = declaration.index && (declaration.index.name ?? `${column}Index`);
      add(column, { name, sealed, index });
      if (index) add(index, { name: `${table}.${index}`, of: sealed });
    }
    if (entries.size === 0) throw invalid(`${table} declares no column to be encrypted`);
    return entries;
  }

  /** @param {string} table */
  #columnsOf(table) {
    const columns = this.#tables.get(table) ?? refuseRenamed(this.#tables, table);
    if (columns && !this.#fields) throw closed(table);
    return columns;
  }
}

/** @param {string} name */
function closed(name) {
  return unopened(name, 'call open({ fields }) of what encryptedTables returned');
}

/** @param {string} name */
function notMade(name) {
  return invalid(
    `${name}: Kysely makes no indexes from declarations: leave out \`unique\`, and create a unique index on ` +
      'the column of the blind index in a migration',
  );
}

module.exports = { encryptedTables };
