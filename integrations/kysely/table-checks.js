'use strict';

const { invalid } = require('../../lib/errors.js');
const { rowRefused } = require('./conditions.js');
const { mapParts, tableName } = require('./nodes.js');
const { mentions, textOf } = require('./text.js');

/** @typedef {import('./scope.js').StatementScope} Scope */
/** @typedef {import('./nodes.js').Node} Node */

/** The kinds of nodes that are a statement, or a query within one. */
const STATEMENTS = new Set([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
  'MergeQueryNode',
]);

/**
 * Throws if a table with encrypted columns is given in SQL.
 *
 * @param {Node} node what stands for a table
 * @param {Scope} scope
 */
function checkTable(node, scope) {
  if (STATEMENTS.has(node.kind) || node.kind === 'ReferenceNode') return;
  const text = node.kind === 'RawNode' ? textOf(node) : '';
  const found =
    node.kind === 'TableNode'
      ? scope.isDeclared(tableName(node)) && tableName(node)
      : scope.declaredNames().find((name) => mentions(text, name));
  if (found) {
    throw invalid(
      `${found} has encrypted columns, and is not followed within SQL: give its name as a text, or a query ` +
        'of the builder',
    );
  }
  mapParts(node, (part) => {
    checkTable(part, scope);
    return part;
  });
}

/**
 * Throws if a function is given a whole row with encrypted columns.
 *
 * @param {Node[]} operands
 * @param {Scope} scope
 */
function checkRows(operands, scope) {
  for (const node of operands) {
    const isAll = node.kind === 'ReferenceNode' && node.column.kind === 'SelectAllNode';
    const table = isAll ? node.table : node;
    if (table?.kind !== 'TableNode') continue;
    const columns = scope.source(tableName(table));
    if (columns.size > 0) throw rowRefused(tableName(table), columns);
  }
}

module.exports = { STATEMENTS, checkRows, checkTable };
