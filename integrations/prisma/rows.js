'use strict';

const { isArray } = require('../../lib/input/index.js');

/** The operations that do not return rows. */
const NO_ROWS = new Set([
  'count',
  'aggregate',
  'groupBy',
  'createMany',
  'updateMany',
  'deleteMany',
]);

/** The rows that operations return. */
class Rows {
  #models;

  /** @param {import('./models.js').Models} models */
  constructor(models) {
    this.#models = models;
  }

  /**
   * Returns a result with its encrypted fields decrypted.
   *
   * @param {string} model
   * @param {string} operation
   * @param {unknown} result
   * @param {string[]} path to the relation that is returned: `select` or `include`, and its field, in turn
   */
  decrypt(model, operation, result, path) {
    if (NO_ROWS.has(operation)) return result;
    let at = model;
    for (const field of path) at = this.#models.get(at).relations.get(field)?.model ?? at;
    return this.#rows(at, result);
  }

  /**
   * @param {string} name
   * @param {any} rows
   * @returns {any}
   */
  #rows(name, rows) {
    if (isArray(rows)) return rows.map((row) => this.#rows(name, row));
    if (typeof rows !== 'object' || rows === null) return rows;
    const { encrypted, relations } = this.#models.get(name);
    const output = { ...rows };
    for (const { field, column } of encrypted) {
      if (rows[field] != null) output[field] = column.decrypt(rows[field]);
    }
    for (const [field, relation] of relations) {
      if (rows[field] != null) output[field] = this.#rows(relation.model, rows[field]);
    }
    return output;
  }
}

module.exports = { Rows };
