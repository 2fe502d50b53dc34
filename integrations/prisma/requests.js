'use strict';

const { invalid } = require('../../lib/errors.js');
const { Reads } = require('./reads.js');
const { Writes } = require('./writes.js');

/** The operations that find one row by a unique field. */
const UNIQUE = new Set(['findUnique', 'findUniqueOrThrow', 'update', 'delete', 'upsert']);

/**
 * Returns the arguments of an operation as the database is to see them. There are several, to be tried in
 * turn, if a row is sought by a unique index while the key of indexes is rotated.
 *
 * @param {import('./models.js').Models} models
 * @param {string} model
 * @param {string} operation
 * @param {any} input
 * @returns {any[]}
 */
function requestsOf(models, model, operation, input) {
  if (!input || !models.reaches(model)) return [input];
  const reads = new Reads(models);
  const writes = new Writes(models, reads);
  const request = reads.arguments(model, input);
  for (const part of ['data', 'create', 'update']) {
    if (input[part] === undefined) continue;
    const isUpdate = part === 'update' || (part === 'data' && operation.startsWith('update'));
    request[part] = writes.data(model, input[part], isUpdate);
  }
  if (!UNIQUE.has(operation) || input.where === undefined) return [request];
  const wheres = reads.uniques(model, input.where);
  if (operation === 'upsert' && wheres.length > 1) throw ambiguous(model);
  return wheres.map((where) => ({ ...request, where }));
}

/** @param {string} model */
function ambiguous(model) {
  return invalid(
    `${model}: while the key of indexes is rotated, a row cannot be upserted by its index. Find it by ` +
      'findFirst, and then update it by its id or create it',
  );
}

module.exports = { requestsOf };
