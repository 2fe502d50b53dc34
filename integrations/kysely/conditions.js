'use strict';

const { invalid } = require('../../lib/errors.js');
const { conditionRefused, indexRefused, orderRefused } = require('../columns/refusals.js');
const { columnName, mapParts, markSealed, sealedFor, sibling } = require('./nodes.js');
const { mentions, mentionsRow, textOf } = require('./text.js');

/** @typedef {import('./scope.js').StatementScope} Scope */
/** @typedef {import('./outputs.js').Entry} Entry */
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
 * Throws if the text of raw SQL names an encrypted column, an index, or a whole row that has them.
 *
 * @param {Node} node a `RawNode`
 * @param {Scope} scope
 * @param {string} place
 */
function checkText(node, scope, place) {
  const text = textOf(node);
  checkNames(text, scope, place);
  scope.later((outer) => checkNames(text, outer, place));
  if (/^\s*\d/.test(text)) checkPosition(scope, place);
}

/**
 * @param {string} text
 * @param {Scope} scope
 * @param {string} place
 * @returns {undefined}
 */
function checkNames(text, scope, place) {
  for (const [column, entry] of scope.visible()) {
    if (mentions(text, column)) {
      throw misplaced(entry, place === 'ORDER BY' ? place : 'a condition in SQL');
    }
  }
  const row = scope.rows().find(([alias]) => mentionsRow(text, alias));
  if (row) throw rowRefused(...row);
  return undefined;
}

/**
 * Throws for the number of a column in ORDER BY or GROUP BY, if it may be that of an encrypted one.
 *
 * @param {Scope} scope
 * @param {string} place
 */
function checkPosition(scope, place) {
  if (!/ BY$/.test(place) || !scope.selects()) return;
  throw invalid(`name the columns of ${place}: a number may be that of an encrypted one`);
}

/**
 * The error of SQL or a function that would be given a whole row.
 *
 * @param {string} alias of its table
 * @param {import('./outputs.js').Outputs} columns
 */
function rowRefused(alias, columns) {
  const [entry] = columns.values();
  return invalid(
    `${alias} is a whole row here, in which ${entry?.name} is encrypted: select its columns, or use ` +
      'jsonObjectFrom or jsonArrayFrom',
  );
}

module.exports = { checkPosition, checkText, entryOf, misplaced, rewriteComparison, rowRefused };
