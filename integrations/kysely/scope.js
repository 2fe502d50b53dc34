'use strict';

const { invalid } = require('../../lib/errors.js');
const { NONE, columnOf, firstOf } = require('./outputs.js');
const { bare } = require('./text.js');

/** @typedef {import('./outputs.js').Entry} Entry */
/** @typedef {import('./outputs.js').Outputs} Outputs */
/** @typedef {InstanceType<typeof Scope>} StatementScope */
/** @typedef {{ node: any, outputs: Outputs, unresolved: Check[] }} Rewritten a statement */
/** Returns what it finds in a scope. @typedef {(outer: StatementScope) => Entry | undefined} Check */

/** The tables that a statement, or a query within it, can name. */
class Scope {
  #declared;
  #parent;
  /** Tables and derived tables by their alias. @type {Map<string, Outputs>} */
  #sources = new Map();
  /** What the statement selects, which its other parts can name, too. @type {Outputs} */
  #selected = NONE;
  /** What the statement names, but does not hold: see `later`. @type {Check[]} */
  unresolved = [];
  /** Common table expressions. @type {Map<string, Outputs>} */
  #named = new Map();

  /**
   * @param {{ names(): string[], columnsOf(table: string): Outputs | undefined }} declared
   * @param {WeakMap<object, Rewritten>} rewritten statements
   * @param {Scope} [parent]
   */
  constructor(declared, rewritten, parent) {
    this.#declared = declared;
    this.rewritten = rewritten;
    this.#parent = parent;
    if (parent) this.unresolved = parent.unresolved;
  }

  inner() {
    return new Scope(this.#declared, this.rewritten, this);
  }

  /** The scope of a query that cannot name the tables beside it, but those of WITH. */
  apart() {
    const scope = new Scope(this.#declared, this.rewritten, this.#parent);
    scope.#named = this.#named;
    return scope;
  }

  /**
   * Lets a check be made again if the whole statement turns out to be a query within another one: a query that
   * `db` has made is rewritten before that one is known.
   *
   * @param {Check} check
   */
  later(check) {
    this.unresolved.push(check);
  }

  /**
   * @param {string} alias
   * @param {Outputs} columns
   */
  addSource(alias, columns) {
    const other = this.#sources.get(alias);
    if (other && other.size + columns.size > 0) {
      throw invalid(
        `the statement has two tables that are named ${alias}: give one another name, as one of them has ` +
          'encrypted columns',
      );
    }
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
    const known = this.#named.get(name) ?? this.#refuseSimilarName(name);
    if (known) return known;
    if (this.#parent) return this.#parent.table(name);
    const declared = this.#declared.columnsOf(name);
    if (!declared) this.later((outer) => firstOf(outer.table(name)));
    return declared ?? NONE;
  }

  /**
   * Throws for the name of a common table in other letters, which SQLite takes for the same.
   *
   * @param {string} name
   * @returns {undefined}
   */
  #refuseSimilarName(name) {
    const lower = name.toLowerCase();
    const known = [...this.#named].find(
      ([other, columns]) => columns.size > 0 && other.toLowerCase() === lower,
    );
    if (known) throw invalid(`write the table ${name} as ${known[0]}, as the statement names it`);
    return undefined;
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
    const known = this.#source(alias);
    if (!known) this.later((outer) => firstOf(outer.source(alias)));
    return known ?? NONE;
  }

  /**
   * @param {string} alias
   * @returns {Outputs | undefined}
   */
  #source(alias) {
    return this.#known(alias) ?? this.#refuseSimilar(alias) ?? this.#declared.columnsOf(alias);
  }

  /**
   * Returns the encrypted columns under an alias that the statement gives.
   *
   * @param {string} alias
   * @returns {Outputs | undefined}
   */
  #known(alias) {
    const columns = this.#sources.get(alias);
    return columns || !this.#parent ? columns : this.#parent.#known(alias);
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
    if (table !== undefined) {
      const known = this.#source(table);
      if (!known) this.later((outer) => outer.find(column, table));
      return columnOf(known ?? NONE, column);
    }
    for (const columns of this.sources()) {
      const found = columnOf(columns, column);
      if (found) return found;
    }
    const selected = columnOf(this.#selected, column);
    if (selected) throw namedInResult(column, selected);
    if (!this.#parent) {
      this.later((around) => refuseFound(column, around.find(column, undefined)));
      return undefined;
    }
    // The inner tables may have a column of that name, too.
    return refuseFound(column, this.#parent.find(column, undefined));
  }

  /**
   * Returns the encrypted columns and indexes that a text may name, by name.
   *
   * @returns {Array<[string, Entry]>}
   */
  visible() {
    const entries = [...this.sources(), this.#selected].flatMap((columns) => [...columns]);
    return [...entries, ...(this.#parent?.visible() ?? [])];
  }

  /**
   * Returns the tables that have encrypted columns, by the aliases by which a text may name their rows.
   *
   * @returns {Array<[string, Outputs]>}
   */
  rows() {
    const aliased = [...this.#sources].filter(([, columns]) => columns.size > 0);
    return [...aliased, ...(this.#parent?.rows() ?? [])];
  }
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
 * Throws for a column without its table, if it may be an encrypted one of a statement around.
 *
 * @param {string} column
 * @param {Entry | undefined} found
 * @returns {undefined}
 */
function refuseFound(column, found) {
  if (!found) return undefined;
  throw invalid(`write the name of the table before ${column}: it may be ${found.name}`);
}

module.exports = { Scope };
