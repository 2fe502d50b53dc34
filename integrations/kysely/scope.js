'use strict';

const { invalid } = require('../../lib/errors.js');
const { bare } = require('./text.js');

/**
 * What a name means in a statement: an encrypted column and the name of its index; the index of one; or JSON
 * with rows that have encrypted columns.
 *
 * @typedef {{
 *   name: string, sealed?: import('../columns/column.js').SealedColumn, index?: string,
 *   of?: import('../columns/column.js').SealedColumn, json?: Outputs,
 * }} Entry name: for errors
 *
 * @typedef {Map<string, Entry>} Outputs by the name of the column; others are not in it
 */

/** @typedef {InstanceType<typeof Scope>} StatementScope */

/** @type {Outputs} */
const NONE = new Map();

/** The tables that a statement, or a query within it, can name. */
class Scope {
  #declared;
  #parent;
  /** Tables and derived tables by their alias. @type {Map<string, Outputs>} */
  #sources = new Map();
  /** What the statement selects, which its other parts can name, too. @type {Outputs} */
  #selected = NONE;
  /** Common table expressions. @type {Map<string, Outputs>} */
  #named = new Map();

  /**
   * @param {{ names(): string[], columnsOf(table: string): Outputs | undefined }} declared
   * @param {WeakMap<object, { node: any, outputs: Outputs }>} rewritten statements
   * @param {Scope} [parent]
   */
  constructor(declared, rewritten, parent) {
    this.#declared = declared;
    this.rewritten = rewritten;
    this.#parent = parent;
  }

  inner() {
    return new Scope(this.#declared, this.rewritten, this);
  }

  /**
   * @param {string} alias
   * @param {Outputs} columns
   */
  addSource(alias, columns) {
    this.#sources.set(alias, columns);
  }

  /** @param {Outputs} columns */
  setSelected(columns) {
    this.#selected = columns;
  }

  /** Whether an encrypted column is selected. */
  selects() {
    return this.#selected.size > 0;
  }

  /**
   * @param {string} name
   * @param {Outputs} columns
   */
  addCommonTable(name, columns) {
    this.#named.set(name, columns);
  }

  /**
   * Returns the encrypted columns of a table, or of a common table expression.
   *
   * @param {string} name
   * @returns {Outputs}
   */
  table(name) {
    return (
      this.#named.get(name) ?? this.#parent?.table(name) ?? this.#declared.columnsOf(name) ?? NONE
    );
  }

  /**
   * Whether a table of that name has encrypted columns.
   *
   * @param {string} name
   */
  isDeclared(name) {
    return this.#declared.columnsOf(name) !== undefined;
  }

  /** Returns the names of the tables that have encrypted columns. */
  declaredNames() {
    return this.#declared.names();
  }

  /**
   * Returns the encrypted columns under an alias.
   *
   * @param {string} alias
   * @returns {Outputs}
   */
  source(alias) {
    const known = this.#known(alias) ?? this.#refuseSimilar(alias);
    return known ?? this.#declared.columnsOf(alias) ?? NONE;
  }

  /**
   * Returns the encrypted columns under an alias that the statement gives.
   *
   * @param {string} alias
   * @returns {Outputs | undefined}
   */
  #known(alias) {
    const own = this.#sources.get(alias);
    return own || !this.#parent ? own : this.#parent.#known(alias);
  }

  /**
   * Throws for an alias that is like a known one, as SQLite takes letters of either case for the same.
   *
   * @param {string} alias
   * @returns {undefined}
   */
  #refuseSimilar(alias) {
    const known = this.rows().find(([name]) => bare(name) === bare(alias));
    if (known) throw invalid(`write the table ${alias} as ${known[0]}, as the statement names it`);
    return undefined;
  }

  sources() {
    return [...this.#sources.values()];
  }

  /**
   * Returns what a column is, if it is an encrypted one or an index.
   *
   * @param {string} column
   * @param {string | undefined} table
   * @returns {Entry | undefined}
   */
  find(column, table) {
    if (table !== undefined) return columnOf(this.source(table), column);
    for (const columns of this.sources()) {
      const own = columnOf(columns, column);
      if (own) return own;
    }
    const selected = columnOf(this.#selected, column);
    if (selected) throw namedInResult(column, selected);
    const outer = this.#parent?.find(column, undefined);
    // The inner tables may have a column of that name, too.
    if (outer)
      throw invalid(`write the name of the table before ${column}: it may be ${outer.name}`);
    return undefined;
  }

  /**
   * Returns the encrypted columns and indexes that a text may name, by name.
   *
   * @returns {Array<[string, Entry]>}
   */
  visible() {
    const own = [...this.sources(), this.#selected].flatMap((columns) => [...columns]);
    return [...own, ...(this.#parent?.visible() ?? [])];
  }

  /**
   * Returns the tables that have encrypted columns, by the aliases by which a text may name their rows.
   *
   * @returns {Array<[string, Outputs]>}
   */
  rows() {
    const own = [...this.#sources].filter(([, columns]) => columns.size > 0);
    return [...own, ...(this.#parent?.rows() ?? [])];
  }
}

/**
 * Returns what a column of a table is, if it is an encrypted one or an index.
 *
 * @param {Outputs} columns those of the table
 * @param {string} name
 */
function columnOf(columns, name) {
  return columns.get(name) ?? refuseRenamed(columns, name);
}

/**
 * The error of a name that a statement gives to an encrypted column, and then works with.
 *
 * @param {string} alias
 * @param {Entry} entry
 */
function namedInResult(alias, { name }) {
  return invalid(
    `${alias} is ${name}, which is encrypted, under another name: in a condition write the column itself, and ` +
      'order or group the rows in the program',
  );
}

/**
 * Throws for a name that another plugin has made of a declared one: its values would not be encrypted.
 *
 * @param {ReadonlyMap<string, unknown>} declared by name
 * @param {string} name
 * @returns {undefined}
 */
function refuseRenamed(declared, name) {
  const found = [...declared.keys()].find((known) => bare(known) === bare(name));
  if (found === undefined) return undefined;
  throw invalid(
    `${found} is written as ${name} here: give plugins that rename as the option \`plugins\` of ` +
      'encryptedTables, and declare names as statements write them',
  );
}

/**
 * Returns the columns of a derived table: of these, only those with their index can be searched by.
 *
 * @param {Outputs} outputs
 * @returns {Outputs}
 */
function derived(outputs) {
  const columns = [...outputs];
  return new Map(
    columns.map(([name, entry]) => {
      const index = columns.find(([, other]) => entry.sealed && other.of === entry.sealed)?.[0];
      return [name, { ...entry, index }];
    }),
  );
}

module.exports = { NONE, Scope, columnOf, derived, refuseRenamed };
