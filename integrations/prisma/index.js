'use strict';

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { fieldsOf } = require('../columns/column.js');
const { unopened } = require('../columns/refusals.js');
const { modelsOf } = require('./models.js');
const { requestsOf } = require('./requests.js');
const { Rows } = require('./rows.js');

/** What encrypts the operations of a client. @type {WeakSet<Function>} */
const operations = new WeakSet();

/**
 * Returns a Prisma client that encrypts and decrypts the fields of its models. The client that was given
 * refuses these models from now on, as it would store their values in the clear.
 *
 * @param {any} client
 * @param {unknown} options
 */
function encryptPrisma(client, options) {
  const checkedOptions = args.options(options, /** @type {const} */ (['fields', 'models']));
  const fields = fieldsOf(checkedOptions.fields);
  const original = Object(client)._originalClient;
  if (typeof client?.$extends !== 'function' || typeof original?._request !== 'function') {
    throw invalid('give a PrismaClient of Prisma 7, or one that was extended');
  }
  const schema = { ...client._runtimeDataModel, text: original._engineConfig?.inlineSchema };
  const models = modelsOf(schema, checkedOptions.models, fields);
  if (typeof checkedOptions.fields !== 'function') {
    for (const model of models.values()) for (const { column } of model.encrypted) column.check();
  }
  const rows = new Rows(models);
  const encryptOperation = async (/** @type {any} */ call) => {
    const { model, operation, args: input, query, __internalParams } = call;
    const requests = requestsOf(models, model, operation, input);
    const result = await first(requests, query);
    return rows.decrypt(model, operation, result, __internalParams?.dataPath ?? []);
  };
  operations.add(encryptOperation);
  refuseOthers(original, models, encryptOperation);
  return client.$extends({
    name: 'kms-envelope',
    query: { $allModels: { $allOperations: encryptOperation } },
  });
}

/**
 * Returns the result of the first request that finds a row. While the key of indexes is rotated, a row has
 * one of several indexes.
 *
 * @param {unknown[]} requests
 * @param {(request: unknown) => Promise<unknown>} query
 */
async function first(requests, query) {
  for (const request of requests.slice(0, -1)) {
    try {
      const result = await query(request);
      if (result !== null) return result;
    } catch (error) {
      if (Object(error).code !== 'P2025') throw error;
    }
  }
  return query(requests.at(-1));
}

/**
 * Lets a client refuse the models with encrypted fields, unless a call goes through the extension.
 *
 * @param {any} original
 * @param {import('./models.js').Models} models
 * @param {Function} encryptOperation
 */
function refuseOthers(original, models, encryptOperation) {
  const request = original._request;
  /** @this {any} @param {any} params */
  original._request = function (params) {
    const { model, jsModelName, action } = params;
    if (model && models.reaches(model)) {
      checkCallbacks(
        this._extensions.getAllQueryCallbacks(jsModelName, action),
        encryptOperation,
        model,
      );
    }
    return request.call(this, params);
  };
}

/**
 * Throws unless an operation is encrypted last of all, after each extension that may change it.
 *
 * @param {Function[]} callbacks of the extensions, in the order in which they are called
 * @param {Function} encryptOperation
 * @param {string} model
 */
function checkCallbacks(callbacks, encryptOperation, model) {
  const at = callbacks.indexOf(encryptOperation);
  if (at < 0) throw unopened(model, 'use the client that encryptPrisma returned');
  if (callbacks.slice(at).every((callback) => operations.has(callback))) return;
  throw invalid(
    `${model} has encrypted fields, and an extension with \`query\` comes after their encryption: what it sets ` +
      'would be stored in the clear. Apply it first, and give the extended client to encryptPrisma',
  );
}

module.exports = { encryptPrisma };
