'use strict';

const { invalid } = require('../../lib/errors.js');
const { misplaced, checkText } = require('./conditions.js');
const { columnName, mapParts, tableName } = require('./nodes.js');

/** @typedef {import('./scope.js').StatementScope} Scope */
/** @typedef {import('./outputs.js').Entry} Entry */
/** @typedef {import('./outputs.js').Outputs} Outputs */
/** @typedef {import('./nodes.js').Node} Node */

/** How Kysely's `jsonArrayFrom` and `jsonObjectFrom` begin, for PostgreSQL and for SQLite. */
const JSON_HELPER =
  /^\(select (coalesce\(json_agg\(agg\)|coalesce\(json_group_array\(json_object\(|to_json\(obj\)|json_object\()/;

/** What a statement selects or returns. */
class Selected {
  /** @type {Outputs} */
  outputs = new Map();
  #scope;
  #statement;
  #rewrite;

  /**
   * @param {Scope} scope
   * @param {(node: Node, scope: Scope) => { node: Node, outputs: Outputs }} statement
   * @param {(node: Node) => Node} rewrite
   */
  constructor(scope, statement, rewrite) {
    this.#scope = scope;
    this.#statement = statement;
    this.#rewrite = rewrite;
  }

  /** Returns a `SelectionNode`, rewritten. @param {Node} node */
  add = (node) => ({ ...node, selection: this.#add(node.selection) });

  /** @param {Node} node a `SelectQueryNode` */
  checkDistinct(node) {
    const found = hasSealed(this.outputs);
    const isDistinct = node.frontModifiers?.some(
      (/** @type {Node} */ { modifier }) => modifier === 'Distinct',
    );
    if (found && isDistinct) throw misplaced(found, 'DISTINCT');
  }

  /** @param {Node} node */
  #add(node) {
    if (node.kind === 'SelectAllNode') {
      for (const columns of this.#scope.sources()) this.#putAll(columns);
      return node;
    }
    if (node.kind === 'ReferenceNode' && node.column.kind === 'SelectAllNode') {
      this.#putAll(this.#scope.source(tableName(node.table)));
      return node;
    }
    const name = columnName(node);
    if (name) {
      this.#put(name.column, this.#scope.find(name.column, name.table));
      return node;
    }
    if (node.kind !== 'AliasNode') return this.#rewrite(node);
    return { ...node, node: this.#addAs(node.alias.name, node.node) };
  }

  /**
   * @param {string | undefined} alias
   * @param {Node} node
   */
  #addAs(alias, node) {
    const name = columnName(node);
    if (name) {
      this.#put(alias, this.#scope.find(name.column, name.table));
      return node;
    }
    if (node.kind === 'SelectQueryNode') {
      const { node: rewritten, outputs } = this.#statement(node, this.#scope);
      // It has one column, or the database refuses it.
      this.#put(alias, hasSealed(outputs));
      return rewritten;
    }
    return node.kind === 'RawNode' ? this.#addRaw(alias, node) : this.#rewrite(node);
  }

  /**
   * @param {string | undefined} alias
   * @param {Node} node
   */
  #addRaw(alias, node) {
    checkText(node, this.#scope, 'SQL');
    return mapParts(node, (part) => {
      if (part.kind !== 'SelectQueryNode') return this.#rewrite(part);
      const { node: rewritten, outputs } = this.#statement(part, this.#scope);
      const found = hasSealed(outputs);
      if (found && !JSON_HELPER.test(node.sqlFragments.join('?'))) {
        throw misplaced(found, 'a query within SQL');
      }
      if (found) this.#put(alias, { name: found.name, json: outputs });
      return rewritten;
    });
  }

  /** @param {Outputs} columns */
  #putAll(columns) {
    for (const [name, entry] of columns) this.#put(name, entry);
  }

  /**
   * @param {string | undefined} name
   * @param {Entry | undefined} entry
   */
  #put(name, entry) {
    if (!entry) return;
    const other = this.outputs.get(name ?? '');
    if (
      name === undefined ||
      (other && (other.sealed ?? other.of) !== (entry.sealed ?? entry.of))
    ) {
      throw invalid(`${entry.name} is encrypted: select it under a name that no other column has`);
    }
    this.outputs.set(name, entry);
  }
}

/**
 * Returns an encrypted column among those of a result, if there is one.
 *
 * @param {Outputs} outputs
 */
function hasSealed(outputs) {
  return [...outputs.values()].find(({ sealed, json }) => sealed ?? json);
}

module.exports = { Selected, hasSealed };
