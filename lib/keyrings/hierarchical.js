'use strict';

const args = require('../input/index.js');
const { nativeStore } = require('../branch-keys/index.js');
const { reportFailure } = require('../calls/answers.js');
const { noteCustomKeyring, runAsCaller } = require('../calls/caller.js');
const { invalid } = require('../errors.js');
const { kind } = require('../input/kind.js');

const OPTIONS = /** @type {const} */ ([
  'branchKeyStore',
  'branchKeyId',
  'branchKeyIdOf',
  'maxAgeMs',
  'maxEntries',
  'partition',
]);
const UINT32_MAX = 2 ** 32 - 1;
const DAY = 86_400_000;

/** @typedef {import('../../binding').BranchKeyIdRequest} Request */

/**
 * The native keyring of a `HierarchicalKeyring`'s options.
 *
 * @param {unknown} options
 */
function hierarchicalKeyring(options) {
  const checkedOptions = args.options(options, OPTIONS);
  const store = nativeStore(checkedOptions.branchKeyStore);
  const { branchKeyId, branchKeyIdOf, maxAgeMs = 300_000, maxEntries = 1000 } = checkedOptions;
  const limits = {
    maxAgeMs: args.integer(maxAgeMs, 'maxAgeMs', 1, DAY),
    maxEntries: args.integer(maxEntries, 'maxEntries', 1, UINT32_MAX),
    partition: args.optionalString(checkedOptions.partition, 'partition'),
  };
  if ((branchKeyId === undefined) === (branchKeyIdOf === undefined)) {
    throw invalid('give either branchKeyId, or branchKeyIdOf, which tells it by the context');
  }
  if (branchKeyIdOf === undefined) {
    return store.keyring(args.nameString(branchKeyId, 'branchKeyId'), limits);
  }
  if (typeof branchKeyIdOf !== 'function') throw invalid('branchKeyIdOf must be a function');
  noteCustomKeyring();
  return store.suppliedKeyring((request) => {
    const ask = () => supply(request, /** @type {any} */ (branchKeyIdOf));
    runAsCaller(request.callerId, ask).catch(() => {});
  }, limits);
}

/**
 * @param {Request} request
 * @param {(context: Record<string, string>) => unknown} branchKeyIdOf
 */
async function supply(request, branchKeyIdOf) {
  try {
    const id = await branchKeyIdOf(Object.fromEntries(request.context));
    if (typeof id === 'string' && id !== '' && id.isWellFormed()) return request.supplied(id);
    const problem = `branchKeyIdOf must return the id of a branch key, a string, not ${kind(id)}`;
    request.failed(problem, null, false);
  } catch (error) {
    reportFailure(request, 'branchKeyIdOf', error);
  }
}

module.exports = { hierarchicalKeyring };
