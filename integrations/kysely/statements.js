'use strict';

const { invalid } = require('../../lib/errors.js');
const { isArray } = require('../../lib/input/index.js');
const {
  checkPosition,
  checkText,
  entryOf,
  misplaced,
  rewriteComparison,
} = require('./conditions.js');
const { isNode, mapParts, tableName } = require('./nodes.js');
const { NONE, derived } = require('./outputs.js');
const { Selected, hasSealed } = require('./selections.js');
const { STATEMENTS, checkRows, checkTable } = require('./table-checks.js');
const { checkConflict, sealInsert, sealUpdates } = require('./writes.js');

/** @typedef {import('./scope.js').StatementScope} Scope */
/** @typedef {import('./outputs.js').Outputs} Outputs */
/** @typedef {import('./nodes.js').Node} Node */

/** The parts that name tables, in the order in which they can refer to each other. */
const TABLES = ['into', 'table', 'from', 'using', 'joins'];
/** The joins whose query can name the tables before it. */
const LATERAL = /^Lateral|Apply$/;

/**
 * Returns a statement that writes ciphertexts and searches by indexes, and the encrypted columns of its rows.
 * Throws for what the database cannot do with ciphertexts.
 *
 * @param {Node} node
 * @param {Scope} outer
 * @returns {{ node: Node, outputs: Outputs }}
 */
function rewriteStatement(node, outer) {
  const known = outer.rewritten.get(node);
  if (known) return checkApart(known, outer);
  if (!STATEMENTS.has(node.kind)) return { node: rewrite(node, outer, 'SQL'), outputs: NONE };
  const scope = outer.inner();
  const opened = addTables(node, scope);
  const [target = NONE] = scope.sources();
  if (node.kind === 'MergeQueryNode' && scope.visible().length > 0) {
    throw invalid(
      'MERGE is not known for tables with encrypted columns: insert and update instead',
    );
  }
  if (node.table?.kind === 'ListNode' && scope.sources().some((columns) => columns.size > 0)) {
    throw invalid(
      'an update of several tables is not known for those with encrypted columns: update one at a time',
    );
  }
  /** @param {Node} part */
  const inner = (part) => rewrite(part, scope, 'a condition');
  const written = node.kind === 'InsertQueryNode' ? sealInsert(opened, target, inner) : {};
  if (node.kind === 'InsertQueryNode') scope.addSource('excluded', target);
  const selected = new Selected(scope, rewriteStatement, inner);
  if (node.selections) opened.selections = node.selections.map(selected.add);
  scope.setSelected(selected.outputs);
  const rewritten = mapParts({ ...opened, ...written }, (part, key) => {
    if (['with', 'selections', 'columns', 'values', ...TABLES].includes(key)) return part;
    if (key === 'updates' || key === 'setOperations') return part;
    if (key === 'returning') return { ...part, selections: part.selections.map(selected.add) };
    if (key === 'onConflict' || key === 'onDuplicateKey') return conflict(part, target, scope);
    return inner(part);
  });
  if (node.updates) rewritten.updates = sealUpdates(node.updates, target, scope, inner);
  if (node.setOperations) {
    rewritten.setOperations = node.setOperations.map((/** @type {Node} */ part) =>
      union(part, selected.outputs, scope),
    );
  }
  selected.checkDistinct(node);
  return { node: rewritten, outputs: selected.outputs };
}

/**
 * Returns a query that was rewritten before the statement around it. Throws if it names what only that has.
 *
 * @param {import('./scope.js').Rewritten} known
 * @param {Scope} outer
 */
function checkApart(known, outer) {
  for (const check of known.unresolved) {
    const found = check(outer);
    if (!found) continue;
    throw invalid(
      `a query of \`db\` names ${found.name}, which is encrypted, of the statement around it: make the inner ` +
        'query from the expression builder, as in (eb) => eb.selectFrom(...)',
    );
  }
  return known;
}

/**
 * Returns a part of a statement. Throws if an encrypted column is in it where only its value would do.
 *
 * @param {Node} node
 * @param {Scope} scope
 * @param {string} place for errors
 * @returns {Node}
 */
function rewrite(node, scope, place) {
  const at = PLACES.get(node.kind) ?? place;
  /** @param {Node} part */
  const inner = (part) => rewrite(part, scope, at);
  if (STATEMENTS.has(node.kind)) {
    const { node: rewritten, outputs } = rewriteStatement(node, scope);
    const found = hasSealed(outputs);
    if (found) throw misplaced(found, 'a query in a condition');
    return rewritten;
  }
  switch (node.kind) {
    case 'ValueNode':
      if (node.immediate && typeof node.value === 'number') checkPosition(scope, place);
      return node;
    case 'PrimitiveValueListNode':
      return node;
    case 'FunctionNode':
      checkRows(node.arguments, scope);
      return mapParts(node, inner);
    case 'ReferenceNode':
    case 'ColumnNode': {
      const entry = entryOf(node, scope);
      if (entry) throw misplaced(entry, place);
      return node;
    }
    case 'BinaryOperationNode':
      return rewriteComparison(node, scope, inner);
    case 'UnaryOperationNode':
      // Whether there are rows does not depend on what they hold.
      if (/exists$/.test(node.operator.operator) && STATEMENTS.has(node.operand.kind)) {
        return { ...node, operand: rewriteStatement(node.operand, scope).node };
      }
      return mapParts(node, inner);
    case 'AggregateFunctionNode': {
      const isCount = node.func === 'count' && !node.distinct;
      if (!isCount) checkRows(node.aggregated, scope);
      return mapParts(node, (part, key) => (isCount && key === 'aggregated' ? part : inner(part)));
    }
    case 'RawNode':
      checkText(node, scope, place);
      return mapParts(node, inner);
    default:
      return mapParts(node, inner);
  }
}

const PLACES = new Map([
  ['OrderByNode', 'ORDER BY'],
  ['GroupByNode', 'GROUP BY'],
]);

/**
 * Returns a statement whose derived tables are rewritten, and lets its other parts know them.
 *
 * @param {Node} node
 * @param {Scope} scope
 */
function addTables(node, scope) {
  const opened = { ...node };
  if (node.with) {
    opened.with = mapParts(node.with, (part) => addCommonTable(part, scope, node.with.recursive));
  }
  for (const key of TABLES) {
    if (isArray(node[key])) {
      opened[key] = node[key].map((/** @type {Node} */ part) => addTable(part, scope));
    } else if (isNode(node[key])) opened[key] = addTable(node[key], scope);
  }
  /** @param {Node} join */
  const onTables = (join) =>
    join.on ? { ...join, on: rewrite(join.on, scope, 'a condition') } : join;
  if (opened.joins) opened.joins = opened.joins.map(onTables);
  return opened;
}

/**
 * @param {Node} node
 * @param {Scope} scope
 * @param {Scope} [seen] by a query that stands for the table: the tables beside it only if it is LATERAL
 * @returns {Node}
 */
function addTable(node, scope, seen = scope.apart()) {
  switch (node.kind) {
    case 'TableNode':
      scope.addSource(tableName(node), scope.table(tableName(node)));
      return node;
    case 'AliasNode': {
      if (node.node.kind === 'TableNode') {
        scope.addSource(node.alias.name, scope.table(tableName(node.node)));
        return node;
      }
      checkTable(node.node, scope);
      const { node: inner, outputs } = rewriteStatement(node.node, seen);
      scope.addSource(node.alias.name ?? '', derived(outputs));
      return { ...node, node: inner };
    }
    case 'JoinNode':
      return {
        ...node,
        table: addTable(node.table, scope, LATERAL.test(node.joinType) ? scope : undefined),
      };
    case 'FromNode':
    case 'UsingNode':
    case 'ListNode':
      return mapParts(node, (part) => addTable(part, scope));
    default:
      checkTable(node, scope);
      return rewrite(node, scope, 'a table');
  }
}

/**
 * @param {Node} node a `CommonTableExpressionNode`
 * @param {Scope} scope
 * @param {boolean | undefined} isRecursive
 */
function addCommonTable(node, scope, isRecursive) {
  const name = tableName(node.name.table);
  if (scope.isDeclared(name)) {
    throw invalid(
      `${name} is a table with encrypted columns: give the query in WITH a name of its own`,
    );
  }
  if (isRecursive) scope.addCommonTable(name, NONE);
  checkTable(node.expression, scope);
  const { node: expression, outputs } = rewriteStatement(node.expression, scope);
  const found = hasSealed(outputs);
  if (found && (isRecursive || node.name.columns)) {
    throw invalid(
      `${found.name} is encrypted: select it by its own name, and not in a recursive WITH`,
    );
  }
  scope.addCommonTable(name, derived(outputs));
  return { ...node, expression };
}

/**
 * @param {Node} node an `OnConflictNode` or `OnDuplicateKeyNode`
 * @param {Outputs} target
 * @param {Scope} scope
 */
function conflict(node, target, scope) {
  /** @param {Node} part */
  const inner = (part) => rewrite(part, scope, 'a condition');
  checkConflict(node.columns ?? [], target);
  const rewritten = mapParts(node, (part, key) =>
    key === 'columns' || key === 'updates' ? part : inner(part),
  );
  if (node.updates) rewritten.updates = sealUpdates(node.updates, target, scope, inner);
  return rewritten;
}

/**
 * @param {Node} node a `SetOperationNode`
 * @param {Outputs} outputs of the first query
 * @param {Scope} scope
 */
function union(node, outputs, scope) {
  const { node: expression, outputs: others } = rewriteStatement(node.expression, scope.apart());
  const found = hasSealed(outputs) ?? hasSealed(others);
  const isSame = [...new Set([...outputs.keys(), ...others.keys()])].every(
    (name) => outputs.get(name)?.sealed === others.get(name)?.sealed,
  );
  if (found && !(isSame && node.operator === 'union' && node.all)) {
    throw invalid(
      `${found.name} is encrypted: only UNION ALL of the same columns has a meaning on it`,
    );
  }
  return { ...node, expression };
}

module.exports = { rewriteStatement };
