'use strict';

const { isProxy } = require('node:util').types;

const args = require('../input/index.js');
const { WrongAnswer, checkAnswer, reportFailure } = require('../calls/answers.js');
const { noteCustomKeyring, runAsCaller } = require('../calls/caller.js');
const { invalid } = require('../errors.js');
const { hasFunction } = require('../input/functions.js');
const { kind } = require('../input/kind.js');

/** @typedef {import('../../binding').StorageRequest} Request */
/** @typedef {import('../../index').BranchKeyStorage} Storage */

const FUNCTIONS = /** @type {const} */ (['get', 'write', 'items', 'delete', 'list']);

/** How each function is called, and what becomes of its answer. */
const ANSWERERS =
  /** @type {Record<string, (request: Request, storage: Storage) => Promise<void>>} */ ({
    async get(request, storage) {
      const { branchKeyId, types, consistently } = request;
      const [type] = /** @type {[string]} */ (types);
      const item = await storage.get({ branchKeyId, type }, { consistently });
      if (item !== undefined && item !== null)
        addItem(request, item, 'storage.get must resolve with');
      request.done();
    },

    async write(request, storage) {
      const written = await storage.write(request.takePuts().map(putOf));
      if (typeof written !== 'boolean') {
        const rule =
          'storage.write must resolve with true, or with false if a condition does not hold';
        throw new WrongAnswer(`${rule}, not ${kind(written)}`);
      }
      request.written(written);
    },

    async items(request, storage) {
      const items = await storage.items(request.branchKeyId);
      const all = checkAnswer('what storage.items resolves with', args.list, items);
      all.forEach((item, i) => addItem(request, item, `storage.items must resolve with, at ${i},`));
      request.done();
    },

    async delete(request, storage) {
      await storage.delete(request.branchKeyId, request.types);
      request.done();
    },

    async list(request, storage) {
      const name = 'what storage.list resolves with';
      const ids = checkAnswer(name, args.list, await storage.list());
      request.listed(ids.map((id, i) => checkAnswer(`${name}, at ${i},`, args.string, id)));
    },

    async createTable(request, storage) {
      if (!storage.createTable) throw new WrongAnswer('the storage has no function createTable');
      await storage.createTable();
      request.done();
    },
  });

/**
 * Returns what the addon calls to use a storage of the caller's.
 *
 * @param {unknown} value
 * @returns {(request: Request) => void}
 */
function storageFunctions(value) {
  const problem = problemOf(value);
  if (problem) throw invalid(problem);
  const storage = /** @type {Storage} */ (value);
  noteCustomKeyring();
  return (request) => {
    const { operation, callerId } = request;
    const answer = /** @type {typeof ANSWERERS['get']} */ (ANSWERERS[operation]);
    const failed = (/** @type {unknown} */ error) =>
      reportFailure(request, `storage.${operation}`, error);
    runAsCaller(callerId, () => answer(request, storage)).catch(failed);
  };
}

function problemOf(/** @type {unknown} */ value) {
  if (typeof value !== 'object' || value === null || isProxy(value)) {
    return `storage must be an object with the functions ${FUNCTIONS.join(', ')}, not ${kind(value)}`;
  }
  const missing = FUNCTIONS.find((name) => !hasFunction(value, name));
  return missing && `storage must have a function ${missing}`;
}

/**
 * Adds an item of the caller's to the answer of a request.
 *
 * @param {Request} request
 * @param {unknown} item
 * @param {string} start of the message of an error
 */
function addItem(request, item, start) {
  const { branchKeyId, type, enc, attributes } = Object(item);
  const rule = `${start} { branchKeyId, type, enc, attributes }`;
  request.addItem(
    checkAnswer(`${rule}: branchKeyId`, args.string, branchKeyId),
    checkAnswer(`${rule}: type`, args.string, type),
    checkAnswer(`${rule}: enc`, args.byteArray, enc),
    checkAnswer(`${rule}: attributes`, flatten, attributes),
  );
}

/**
 * @param {unknown} attributes
 * @param {string} name
 */
function flatten(attributes, name) {
  if (attributes === undefined) throw invalid(`${name} must be a plain object`);
  return args.flattenContext(attributes, name);
}

/**
 * @param {import('../../binding').NativePut} put
 * @returns {import('../../index').BranchKeyPut}
 */
function putOf({ branchKeyId, itemType, enc, attributes, previousEnc }) {
  const item = { branchKeyId, type: itemType, enc, attributes: Object.fromEntries(attributes) };
  return /** @type {any} */ (previousEnc ? { item, previousEnc } : { item });
}

module.exports = { storageFunctions };
