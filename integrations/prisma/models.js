'use strict';

const { isProxy } = require('node:util').types;

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { EncryptedColumn } = require('../columns/column.js');
const { declare } = require('../columns/declaration.js');

/**
 * @typedef {{ field: string, index: string | undefined, isJson: boolean, column: import('../columns/column.js').SealedColumn }} Encrypted
 *   field, index: names in the schema
 * @typedef {{ name: string, encrypted: Encrypted[], relations: Map<string, { model: string, isList: boolean }>, fields: Set<string> }} Model
 */

/** @typedef {InstanceType<typeof Schema>} Models */

/** How Prisma's types hold encrypted values. @type {Record<string, import('../columns/declaration.js').Storage>} */
const STORAGES = { String: 'text', Json: 'text', Bytes: 'bytea' };

/** The models of a schema, each with its encrypted fields. */
class Schema {
  /** @type {Map<string, Model>} */
  #models;

  /** @param {Map<string, Model>} models */
  constructor(models) {
    this.#models = models;
  }

  /** @param {string} name */
  get(name) {
    return /** @type {Model} */ (this.#models.get(name));
  }

  values() {
    return this.#models.values();
  }

  /**
   * Whether a call on a model may come to an encrypted field, also through its relations.
   *
   * @param {string} name
   */
  reaches(name) {
    const seen = new Set([name]);
    for (const at of seen) {
      const model = this.get(at);
      if (!model) continue;
      if (model.encrypted.length > 0) return true;
      for (const relation of model.relations.values()) seen.add(relation.model);
    }
    return false;
  }
}

/**
 * Returns the models of a client. Throws for a declared model or field that the schema lacks, or that it
 * has with a wrong type.
 *
 * @param {any} dataModel
 * @param {unknown} declared
 * @param {() => import('../columns/column.js').OpenFields} fields
 */
function modelsOf(dataModel, declared, fields) {
  const schema = Object(dataModel?.models);
  const optionsByModel = namesOf(declared, 'models');
  const unknown = Object.keys(optionsByModel).find((name) => !Object.hasOwn(schema, name));
  if (unknown !== undefined) throw invalid(`the Prisma schema has no model ${unknown}`);
  if (Object.keys(optionsByModel).length === 0) {
    throw invalid('models names no model with encrypted fields');
  }
  /** @type {Map<string, Model>} */
  const models = new Map();
  for (const [name, model] of Object.entries(schema)) {
    const encrypted = Object.entries(namesOf(optionsByModel[name] ?? {}, name)).map(
      ([field, options]) => {
        const found = encryptedField(name, model, field, options, fields);
        checkDefault(dataModel.text, name, field);
        return found;
      },
    );
    const relations = model.fields
      .filter((/** @type {any} */ { kind }) => kind === 'object')
      .map((/** @type {any} */ { name: field, type, isList }) => [field, { model: type, isList }]);
    const names = new Set(model.fields.map((/** @type {any} */ one) => one.name));
    models.set(name, { name, encrypted, relations: new Map(relations), fields: names });
  }
  return new Schema(models);
}

/**
 * @param {string} model
 * @param {any} schema
 * @param {string} field
 * @param {unknown} options
 * @param {() => import('../columns/column.js').OpenFields} fields
 * @returns {Encrypted}
 */
function encryptedField(model, schema, field, options, fields) {
  const name = `${model}.${field}`;
  const find = (/** @type {string} */ one) =>
    schema.fields.find((/** @type {any} */ { name }) => name === one);
  const found = find(field);
  if (!found) throw invalid(`the Prisma schema has no field ${name}`);
  const storage = found.isList ? undefined : STORAGES[found.type];
  if (!storage) throw invalid(`${name} must be a String, Bytes or Json in the Prisma schema`);
  const { declaration } = declare(options);
  const index = declaration.index && (declaration.index.name ?? `${field}Index`);
  if (index && find(index)?.type !== (storage === 'text' ? 'String' : 'Bytes')) {
    throw invalid(
      `${name} has an index: add ${index} to ${model} in the Prisma schema, with the type String`,
    );
  }
  const place = { table: schema.dbName ?? model, column: found.dbName ?? field, name };
  const column = new EncryptedColumn({ ...declaration, storage }, place, fields);
  return { field, index, isJson: found.type === 'Json', column };
}

/**
 * Throws if Prisma or the database would set a field that a row leaves out, as that is not encrypted.
 *
 * @param {unknown} schema the text of the Prisma schema
 * @param {string} model
 * @param {string} field
 */
function checkDefault(schema, model, field) {
  const lines = String(schema).split('\n');
  const start = lines.findIndex((line) => words(line)[0] === 'model' && words(line)[1] === model);
  if (start < 0) throw invalid(`${model} is not in the text of the Prisma schema: use Prisma 7`);
  const line = lines.slice(start).find((one) => words(one)[0] === field) ?? '';
  const bare = line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\/\/.*/, '');
  if (!/@default\b/.test(bare)) return;
  throw invalid(
    `${model}.${field} is encrypted, but has @default in the Prisma schema, which would be stored in the clear: ` +
      'leave it out, and set the value in the program',
  );
}

/** @param {string} line */
function words(line) {
  return line.match(/\w+/g) ?? [];
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Record<string, unknown>}
 */
function namesOf(value, name) {
  const names = isProxy(value) ? [] : Object.getOwnPropertyNames(Object(value));
  return /** @type {Record<string, unknown>} */ (args.options(value, names, name));
}

module.exports = { Schema, modelsOf };
