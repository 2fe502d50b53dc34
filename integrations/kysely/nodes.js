'use strict';

const { isArray } = require('../../lib/input/index.js');

/** A part of a statement: an `OperationNode` of Kysely, which is a plain object. @typedef {any} Node */
/** @typedef {import('../columns/column.js').SealedColumn} SealedColumn */

/** @param {unknown} value */
function isNode(value) {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/**
 * Returns a node with its parts replaced.
 *
 * @param {Node} node
 * @param {(part: Node, key: string) => Node} replace
 */
function mapParts(node, replace) {
  const entries = Object.entries(node).map(([key, value]) => {
    if (isArray(value)) {
      return [key, value.map((part) => (isNode(part) ? replace(part, key) : part))];
    }
    return [key, isNode(value) ? replace(value, key) : value];
  });
  return Object.fromEntries(entries);
}

/** @param {Node} node a `TableNode` */
function tableName(node) {
  return node.table.identifier.name;
}

/**
 * Returns the names in a reference to a column; nothing if it is something else.
 *
 * @param {Node} node
 * @returns {{ column: string, table: string | undefined } | undefined}
 */
function columnName(node) {
  if (node.kind === 'ColumnNode') return { column: node.column.name, table: undefined };
  if (node.kind !== 'ReferenceNode' || node.column.kind !== 'ColumnNode') return undefined;
  const table = node.table && tableName(node.table);
  return { column: node.column.column.name, table };
}

/** @param {string} name */
function columnNode(name) {
  return { kind: 'ColumnNode', column: { kind: 'IdentifierNode', name } };
}

/**
 * Returns a reference to another column of the same table.
 *
 * @param {Node} reference
 * @param {string} name
 */
function sibling(reference, name) {
  return reference.kind === 'ColumnNode'
    ? columnNode(name)
    : { ...reference, column: columnNode(name) };
}

/** @param {unknown} value */
function valueNode(value) {
  return { kind: 'ValueNode', value };
}

/**
 * The column for which a plugin has made a node of ciphertexts or indexes. Plugins that copy statements, as that
 * of `withSchema` does, keep the nodes of values.
 *
 * @type {WeakMap<Node, SealedColumn>}
 */
const makers = new WeakMap();

/**
 * @param {Node} node
 * @param {SealedColumn} column
 */
function markSealed(node, column) {
  makers.set(node, column);
  return node;
}

/**
 * Returns the column whose ciphertexts or indexes a node holds, if a plugin has made it.
 *
 * @param {Node} node
 */
function sealedFor(node) {
  return makers.get(node);
}

module.exports = {
  columnName,
  columnNode,
  isNode,
  mapParts,
  markSealed,
  sealedFor,
  sibling,
  tableName,
  valueNode,
};
