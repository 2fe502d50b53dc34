'use strict';

const { isArray } = require('../../lib/input/index.js');
const { conditionRefused, orderRefused } = require('../columns/refusals.js');

/** @typedef {import('./models.js').Encrypted} Encrypted */

/** What of a field Prisma computes, or groups rows by; it makes no sense of ciphertexts. */
const COMPUTED = ['_min', '_max', '_avg', '_sum', 'by', 'distinct'];
const COMBINED = new Set(['AND', 'OR', 'NOT']);

/** The parts of arguments that read: conditions, orders and selections. */
class Reads {
  #models;

  /** @param {import('./models.js').Models} models */
  constructor(models) {
    this.#models = models;
  }

  /**
   * @param {string} model
   * @param {any} input
   * @returns {any}
   */
  arguments(model, input) {
    const output = { ...input };
    if (input.where !== undefined) output.where = this.where(model, input.where);
    if (input.cursor !== undefined) output.cursor = this.uniques(model, input.cursor)[0];
    if (input.having !== undefined) this.#refuseNamed(model, input.having, 'having');
    for (const part of COMPUTED)
      if (input[part] !== undefined) this.#refuseNamed(model, input[part], part);
    if (input.orderBy !== undefined) this.#checkOrder(model, input.orderBy);
    for (const part of ['select', 'include']) {
      if (input[part]) output[part] = this.#selection(model, input[part]);
    }
    return output;
  }

  /**
   * Returns conditions with those on encrypted fields turned into conditions on their indexes.
   *
   * @param {string} name
   * @param {any} where
   * @returns {any}
   */
  where(name, where) {
    return this.#rewrite(name, where, (found, values) => ({ in: found.column.search(values) }));
  }

  /**
   * Returns conditions that find one row: one for each enabled key of indexes.
   *
   * @param {string} name
   * @param {any} where
   * @returns {any[]}
   */
  uniques(name, where) {
    let count = 1;
    const at = (/** @type {number} */ turn) =>
      this.#rewrite(name, where, (found, values) => {
        const indexes = found.column.search(values);
        count = Math.max(count, indexes.length);
        return indexes[Math.min(turn, indexes.length - 1)];
      });
    const list = [at(0)];
    while (list.length < count) list.push(at(list.length));
    return list;
  }

  /**
   * @param {string} name
   * @param {any} where
   * @param {(found: Encrypted, values: unknown[]) => unknown} equality
   * @returns {any}
   */
  #rewrite(name, where, equality) {
    if (isArray(where)) return where.map((one) => this.#rewrite(name, one, equality));
    if (typeof where !== 'object' || where === null) return where;
    const model = this.#models.get(name);
    /** @type {Record<string, unknown>} */
    const output = {};
    for (const [key, value] of Object.entries(where)) {
      const found = model.encrypted.find(({ field, index }) => key === field || key === index);
      const relation = model.relations.get(key);
      if (found && value !== undefined) put(output, found, condition(found, value, equality));
      else if (COMBINED.has(key))
        output[key] = this.#rewrite(name, value, (one, list) => ({ in: one.column.search(list) }));
      else if (relation) output[key] = this.#relation(relation.model, value);
      else if (model.fields.has(key)) output[key] = value;
      else output[key] = this.#rewrite(name, value, equality);
    }
    return output;
  }

  /**
   * @param {string} model
   * @param {any} filter
   */
  #relation(model, filter) {
    if (typeof filter !== 'object' || filter === null) return filter;
    const quantifiers = ['is', 'isNot', 'some', 'every', 'none'];
    const isQuantified = Object.keys(filter).every((key) => quantifiers.includes(key));
    if (!isQuantified) return this.where(model, filter);
    const entries = Object.entries(filter);
    return Object.fromEntries(entries.map(([key, where]) => [key, this.where(model, where)]));
  }

  /**
   * @param {string} name
   * @param {any} selection
   */
  #selection(name, selection) {
    const { relations } = this.#models.get(name);
    /** @type {Record<string, unknown>} */
    const output = { ...selection };
    for (const [key, value] of Object.entries(selection)) {
      if (typeof value !== 'object' || value === null) continue;
      const relation = relations.get(key);
      if (relation) output[key] = this.arguments(relation.model, value);
      else if (key === '_count' && value.select) {
        output[key] = { ...value, select: this.#selection(name, value.select) };
      }
    }
    return output;
  }

  /**
   * @param {string} name
   * @param {any} order
   */
  #checkOrder(name, order) {
    if (isArray(order)) return order.forEach((one) => this.#checkOrder(name, one));
    const { encrypted, relations } = this.#models.get(name);
    for (const [key, value] of Object.entries(Object(order))) {
      const named = key === '_relevance' ? [value.fields].flat() : [key];
      const found = encrypted.find(
        ({ field, index }) => named.includes(field) || named.includes(index),
      );
      if (found) throw orderRefused(found.column.name);
      const relation = relations.get(key);
      if (relation) this.#checkOrder(relation.model, value);
      else if (COMPUTED.includes(key)) this.#checkOrder(name, value);
    }
  }

  /**
   * Throws if what is computed or grouped by names an encrypted field.
   *
   * @param {string} name
   * @param {any} named
   * @param {string} part
   */
  #refuseNamed(name, named, part) {
    if (part === 'having' && isArray(named))
      named.forEach((one) => this.#refuseNamed(name, one, part));
    const keys = typeof named === 'string' ? [named] : isArray(named) ? named : Object.keys(named);
    const found = this.#models
      .get(name)
      .encrypted.find(
        ({ field, index }) => keys.includes(field) || (part === 'having' && keys.includes(index)),
      );
    if (found) throw conditionRefused(found.column.name, `\`${part}\``, Boolean(found.index));
    if (part !== 'having') return;
    for (const key of COMBINED) if (named[key]) this.#refuseNamed(name, named[key], part);
  }
}

/**
 * The condition on the index for one on an encrypted field.
 *
 * @param {Encrypted} found
 * @param {any} filter
 * @param {(found: Encrypted, values: unknown[]) => unknown} equality
 * @returns {{ onValue?: unknown, onIndex?: unknown }}
 */
function condition(found, filter, equality) {
  if (isNull(filter)) return { onValue: filter };
  if (isValue(filter)) return { onIndex: equality(requireIndex(found), [filter]) };
  /** @type {Record<string, unknown>} */
  const onIndex = {};
  for (const [operator, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    if (isNull(value) && (operator === 'equals' || operator === 'not')) {
      onIndex[operator] = value;
    } else if (operator === 'equals' && isValue(value)) {
      onIndex.in = found.column.search([requireIndex(found) && value]);
    } else if (operator === 'in' && isArray(value)) {
      onIndex.in = requireIndex(found).column.search(value);
    } else if (operator === 'notIn' && isArray(value)) {
      onIndex.notIn = requireIndex(found).column.search(value);
    } else if (operator === 'not') {
      onIndex.not = isValue(value)
        ? { in: requireIndex(found).column.search([value]) }
        : condition(found, value, equality).onIndex;
    } else {
      throw conditionRefused(found.column.name, `\`${operator}\``, Boolean(found.index));
    }
  }
  const isNullCheck = Object.values(onIndex).every(isNull);
  return isNullCheck ? { onValue: onIndex } : { onIndex };
}

/** @param {any} value null, or `Prisma.DbNull` and its like */
function isNull(value) {
  return value === null || typeof value?._getName === 'function';
}

/** @param {Encrypted} found */
function requireIndex(found) {
  if (found.index !== undefined) return found;
  throw conditionRefused(found.column.name, 'a condition', false);
}

/**
 * @param {Record<string, unknown>} output
 * @param {Encrypted} found
 * @param {{ onValue?: unknown, onIndex?: unknown }} rewritten
 */
function put(output, { field, index, column }, { onValue, onIndex }) {
  const key = onIndex === undefined ? field : /** @type {string} */ (index);
  if (Object.hasOwn(output, key))
    throw conditionRefused(column.name, 'two conditions at once', true);
  output[key] = onIndex === undefined ? onValue : onIndex;
}

/** @param {unknown} value whether it is a value to compare with, not an object of operators */
function isValue(value) {
  return typeof value !== 'object' || value instanceof Date || ArrayBuffer.isView(value);
}

module.exports = { Reads, isNull };
