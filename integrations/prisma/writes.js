'use strict';

const { isArray } = require('../../lib/input/index.js');
const { isNull } = require('./reads.js');
const { expressionRefused, indexRefused } = require('../columns/refusals.js');

/** The parts of arguments that write: data, with the writes of relations in it. */
class Writes {
  #models;
  #reads;

  /**
   * @param {import('./models.js').Models} models
   * @param {InstanceType<typeof import('./reads.js').Reads>} reads
   */
  constructor(models, reads) {
    this.#models = models;
    this.#reads = reads;
  }

  /**
   * Returns data with the values of encrypted fields encrypted, and with their indexes.
   *
   * @param {string} name
   * @param {any} data
   * @param {boolean} isUpdate in which a value may be `{ set: value }`
   * @returns {any}
   */
  data(name, data, isUpdate) {
    if (isArray(data)) return data.map((one) => this.data(name, one, isUpdate));
    const model = this.#models.get(name);
    const output = { ...data };
    for (const { index, column } of model.encrypted) {
      if (index && data[index] !== undefined) throw indexRefused(index, column.name);
    }
    for (const { field, index, isJson, column } of model.encrypted) {
      const value = isUpdate && !isJson ? updated(data[field], column) : data[field];
      if (value === undefined) continue;
      output[field] = isNull(value) ? value : column.encrypt(value);
      if (index) output[index] = isNull(value) ? null : column.index(value);
    }
    for (const [field, relation] of model.relations) {
      if (data[field]) output[field] = this.#nested(relation.model, data[field], relation.isList);
    }
    return output;
  }

  /**
   * @param {string} model
   * @param {any} writes such as `{ create: [...] }`
   * @param {boolean} isList
   */
  #nested(model, writes, isList) {
    /** @type {Record<string, unknown>} */
    const output = {};
    for (const [write, value] of Object.entries(writes)) {
      output[write] = isArray(value)
        ? value.map((one) => this.#write(model, write, one, isList))
        : this.#write(model, write, value, isList);
    }
    return output;
  }

  /**
   * @param {string} model
   * @param {string} write
   * @param {any} value
   * @param {boolean} isList
   * @returns {any}
   */
  #write(model, write, value, isList) {
    if (typeof value !== 'object' || value === null) return value;
    switch (write) {
      case 'create':
        return this.data(model, value, false);
      case 'createMany':
        return { ...value, data: this.data(model, value.data, false) };
      case 'connect':
      case 'set':
        return this.#reads.uniques(model, value)[0];
      case 'disconnect':
      case 'delete':
        return isList ? this.#reads.uniques(model, value)[0] : this.#reads.where(model, value);
      case 'deleteMany':
        return this.#reads.where(model, value);
      default:
        return this.#change(model, value, isList, write);
    }
  }

  /**
   * @param {string} model
   * @param {any} value of `update`, `updateMany`, `upsert` or `connectOrCreate`
   * @param {boolean} isList
   * @param {string} write
   */
  #change(model, value, isList, write) {
    const isWrapped = write !== 'update' || isList || this.#isWrapped(model, value);
    if (!isWrapped) return this.data(model, value, true);
    const output = { ...value };
    const isUnique = write === 'connectOrCreate' || (isList && write !== 'updateMany');
    if (value.where !== undefined) {
      const { where } = value;
      output.where = isUnique
        ? this.#reads.uniques(model, where)[0]
        : this.#reads.where(model, where);
    }
    for (const part of ['data', 'create', 'update']) {
      if (value[part] === undefined) continue;
      output[part] = this.data(model, value[part], part !== 'create');
    }
    return output;
  }

  /**
   * Whether the update of one related row is `{ where, data }`, and not the data itself.
   *
   * @param {string} model
   * @param {any} value
   */
  #isWrapped(model, value) {
    const { fields } = this.#models.get(model);
    return value.data !== undefined && !fields.has('data');
  }
}

/**
 * The value that an update sets a field to: it may be `{ set: value }`.
 *
 * @param {any} update
 * @param {import('../columns/column.js').SealedColumn} column
 */
function updated(update, column) {
  if (typeof update !== 'object' || isNull(update)) return update;
  if (Object.keys(update).length === 1 && Object.hasOwn(update, 'set')) return update.set;
  const computes = ['increment', 'decrement', 'multiply', 'divide'];
  if (column.type !== 'json' && computes.some((key) => Object.hasOwn(update, key))) {
    throw expressionRefused(column.name);
  }
  return update;
}

module.exports = { Writes };
