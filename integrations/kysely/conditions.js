'use strict';

const { invalid } = require('../../lib/errors.js');
const { conditionRefused, indexRefused, orderRefused } = require('../columns/refusals.js');
const { columnName, mapParts, markSealed, sealedFor, sibling } = require('./nodes.js');

/** @typedef {import('./scope.js').StatementScope} Scope */
/** @typedef {import('./scope.js').Entry} Entry */
/** @typedef {import('./nodes.js').Node} Node */

/** What is asked of the index in place of a condition. */
const SEARCHES = new Map([
  ['=', 'in'],
  ['==', 'in'],
  ['in', 'in'],
  ['!=', 'not in'],
  ['<>', 'not in'],
  ['not in', 'not in'],
]);

/**
 * Returns a comparison, on the index if it begins with an encrypted column. Throws for one that no index
 * answers.
 *
 * @param {Node} node a `BinaryOperationNode`
 * @param {Scope} scope
 * @param {(part: Node) => Node} rewrite
 */
function rewriteComparison(node, scope, rewrite) {
  const { leftOperand: left, rightOperand: right } = node;
  const entry = entryOf(left, scope);
  if (entry?.of && sealedFor(right) === entry.of) return node;
  if (!entry?.sealed) return mapParts(node, rewrite);
  const operator = String(node.operator.operator);
  if (/^is( not)?$/.test(operator) && right.kind === 'ValueNode' && right.value === null)
    return node;
  const search = SEARCHES.get(operator);
  const values = search && valuesOf(right);
  if (!values) {
    const shown = node.operator.operator ? `with ${operator.toUpperCase()}` : 'in SQL';
    throw conditionRefused(entry.name, `a condition ${shown}`, entry.sealed.isIndexed);
  }
  if (!entry.index) throw unsearchable(entry);
  const indexes = { kind: 'PrimitiveValueListNode', values: entry.sealed.search(values) };
  return {
    ...node,
    leftOperand: sibling(left, entry.index),
    operator: { kind: 'OperatorNode', operator: search },
    rightOperand: markSealed(indexes, entry.sealed),
  };
}

/** @param {Entry} entry */
function unsearchable({ name, sealed }) {
  if (!sealed?.isIndexed) return conditionRefused(name, 'a condition', false);
  return invalid(`${name} is searched by its blind index: select this, too, in the inner query`);
}

/**
 * Returns the values that a condition compares with; nothing if the database computes one.
 *
 * @param {Node} node
 * @returns {unknown[] | undefined}
 */
function valuesOf(node) {
  if (node.kind === 'ValueNode') return [node.value];
  if (node.kind === 'PrimitiveValueListNode') return node.values;
  if (node.kind === 'ParensNode') return valuesOf(node.node);
  if (node.kind !== 'ValueListNode') return undefined;
  const lists = node.values.map(valuesOf);
  return lists.every((/** @type {any} */ list) => list !== undefined) ? lists.flat() : undefined;
}

/**
 * Returns which encrypted column or index a part of a statement is.
 *
 * @param {Node} node
 * @param {Scope} scope
 */
function entryOf(node, scope) {
  const name = columnName(node);
  return name && scope.find(name.column, name.table);
}

/**
 * The error of an encrypted column or an index where the database would work with its value.
 *
 * @param {Entry} entry
 * @param {string} place such as `ORDER BY`
 */
function misplaced({ name, sealed, of }, place) {
  if (of) return indexRefused(name, of.name);
  if (place === 'ORDER BY') return orderRefused(name);
  return conditionRefused(name, place, sealed?.isIndexed ?? false);
}

/**
 * Throws if the text of raw SQL names an encrypted column or an index.
 *
 * @param {Node} node a `RawNode`
 * @param {Scope} scope
 * @param {string} place
 */
function checkText(node, scope, place) {
  const text = node.sqlFragments.join(' ? ').replace(/'(?:[^']|'')*'/g, "''");
  for (const [column, entry] of scope.visible()) {
    const name = column.replace(/[^\w]/g, '\\$&');
    if (new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'i').test(text)) {
      throw misplaced(entry, place === 'ORDER BY' ? place : 'a condition in SQL');
    }
  }
}

module.exports = { checkText, entryOf, misplaced, rewriteComparison };
