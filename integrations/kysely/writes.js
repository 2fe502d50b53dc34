'use strict';

const { invalid } = require('../../lib/errors.js');
const { expressionRefused, indexRefused } = require('../columns/refusals.js');
const { entryOf } = require('./conditions.js');
const {
  columnName,
  columnNode,
  mapParts,
  markSealed,
  sealedFor,
  sibling,
  valueNode,
} = require('./nodes.js');
const { columnOf } = require('./outputs.js');

/** @typedef {import('./outputs.js').Entry} Entry */
/** @typedef {import('./outputs.js').Outputs} Outputs */
/** @typedef {import('./nodes.js').Node} Node */
/** @typedef {import('../columns/column.js').SealedColumn} SealedColumn */

/**
 * Returns the columns and the rows of an insert, encrypted, with indexes.
 *
 * @param {{ columns?: Node[], values?: Node }} insert
 * @param {Outputs} target the encrypted columns of its table
 * @param {(part: Node) => Node} rewrite
 */
function sealInsert({ columns, values }, target, rewrite) {
  if (values?.kind !== 'ValuesNode') {
    const written = columns?.map(({ column }) => columnOf(target, column.name)) ?? [
      ...target.values(),
    ];
    const found = values && written.find((entry) => entry !== undefined);
    if (found) throw expressionRefused(found.name);
    return { columns, values: values && rewrite(values) };
  }
  const entries = columns?.map(({ column }) => columnOf(target, column.name)) ?? [];
  if (values.values.some((/** @type {Node} */ row) => row.values.some(sealedFor))) {
    return { columns, values: mapParts(values, (row) => sealedRow(row, entries, rewrite)) };
  }
  for (const entry of entries) if (entry?.of) throw indexRefused(entry.name, entry.of.name);
  const indexes = entries.flatMap((entry) => (entry?.index ? [columnNode(entry.index)] : []));
  return {
    columns: columns && [...columns, ...indexes],
    values: {
      ...values,
      values: values.values.map((/** @type {Node} */ row) => sealRow(row, entries, rewrite)),
    },
  };
}

/**
 * @param {Node} row
 * @param {Array<Entry | undefined>} entries
 * @param {(part: Node) => Node} rewrite
 */
function sealRow(row, entries, rewrite) {
  const isPrimitive = row.kind === 'PrimitiveValueListNode';
  if (isPrimitive && entries.every((entry) => entry === undefined)) return row;
  const cells = isPrimitive ? row.values.map(valueNode) : row.values;
  /** @type {Node[]} */
  const sealed = [];
  /** @type {Node[]} */
  const indexes = [];
  for (const [i, cell] of cells.entries()) {
    const entry = entries[i];
    if (!entry?.sealed) {
      sealed.push(rewrite(cell));
      continue;
    }
    const isDefault = cell.kind === 'DefaultInsertValueNode';
    if (!isDefault && cell.kind !== 'ValueNode') throw expressionRefused(entry.name);
    sealed.push(isDefault ? cell : ciphertextNode(entry.sealed, cell.value));
    if (entry.index) indexes.push(isDefault ? cell : indexNode(entry.sealed, cell.value));
  }
  return { kind: 'ValueListNode', values: [...sealed, ...indexes] };
}

/**
 * Returns a row of an insert that is encrypted already, as it was part of another statement.
 *
 * @param {Node} row
 * @param {Array<Entry | undefined>} entries
 * @param {(part: Node) => Node} rewrite
 */
function sealedRow(row, entries, rewrite) {
  const cells = row.values.map((/** @type {Node} */ cell, /** @type {number} */ i) => {
    const entry = entries[i];
    if (!entry) return rewrite(cell);
    const isDefault = cell.kind === 'DefaultInsertValueNode';
    if (!isDefault && sealedFor(cell) !== columnFor(entry)) throw expressionRefused(entry.name);
    return cell;
  });
  return { ...row, values: cells };
}

/** @param {Entry} entry */
function columnFor({ sealed, of }) {
  return sealed ?? of;
}

/**
 * @param {SealedColumn} column
 * @param {unknown} value
 */
function ciphertextNode(column, value) {
  return markSealed(valueNode(column.encrypt(value)), column);
}

/**
 * @param {SealedColumn} column
 * @param {unknown} value
 */
function indexNode(column, value) {
  return markSealed(valueNode(column.index(value)), column);
}

/**
 * Returns what an update sets, encrypted, with indexes.
 *
 * @param {Node[]} updates
 * @param {Outputs} target
 * @param {import('./scope.js').StatementScope} scope
 * @param {(part: Node) => Node} rewrite
 */
function sealUpdates(updates, target, scope, rewrite) {
  return updates.flatMap((update) => {
    const { column, value } = update;
    const name = columnName(column);
    if (!name) checkUnnamed(target);
    const entry = name && columnOf(target, name.column);
    if (!entry) return [{ ...update, value: rewrite(value) }];
    const maker = sealedFor(value);
    if (maker && maker === columnFor(entry)) return [update];
    if (entry.of) throw indexRefused(entry.name, entry.of.name);
    const { sealed, index } = entry;
    if (!sealed || maker) throw expressionRefused(entry.name);
    /** @param {Node} stored @param {() => Node} indexed */
    const set = (stored, indexed) => [
      { ...update, value: stored },
      ...(index ? [{ ...update, column: sibling(column, index), value: indexed() }] : []),
    ];
    if (value.kind === 'ValueNode') {
      return set(ciphertextNode(sealed, value.value), () => indexNode(sealed, value.value));
    }
    // As in `excluded.email`: the same column of another row, which is encrypted already.
    const other = entryOf(value, scope);
    if (other?.sealed !== sealed || other?.index !== index) throw expressionRefused(entry.name);
    return set(value, () => sibling(value, /** @type {string} */ (index)));
  });
}

/**
 * Throws for a column in SQL, which may be any, if its table has encrypted ones.
 *
 * @param {Outputs} target
 */
function checkUnnamed(target) {
  const [entry] = target.values();
  if (!entry) return;
  throw invalid(
    `an update cannot tell whether a column in SQL is ${entry.name}, which is encrypted: name it as a text, ` +
      "such as .set('name', value)",
  );
}

/**
 * Throws if the rows of a conflict would be found by an encrypted column.
 *
 * @param {Node[]} columns
 * @param {Outputs} target
 */
function checkConflict(columns, target) {
  for (const { column } of columns) {
    const entry = columnOf(target, column.name);
    if (!entry?.sealed) continue;
    const instead = entry.index ? `name ${entry.index}, its blind index` : 'it has no blind index';
    throw invalid(`${entry.name} is encrypted, and no two ciphertexts are the same: ${instead}`);
  }
}

module.exports = { checkConflict, sealInsert, sealUpdates };
