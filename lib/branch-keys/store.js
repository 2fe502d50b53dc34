'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { abortable } = require('../calls/abort.js');
const { invalid } = require('../errors.js');
const { storageFunctions } = require('./storage.js');
const { ACCESS_OPTIONS, accessOptions, credentialsOf } = require('../keyrings/kms.js');
const { GUARD_OPTIONS, guardOptions } = require('../keyrings/guard.js');

const OPTIONS = /** @type {const} */ ([
  'storage',
  'tableName',
  'logicalName',
  'kmsKeyId',
  'discovery',
  'multiRegion',
  'kmsRegion',
  'kmsEndpoint',
  ...ACCESS_OPTIONS,
  ...GUARD_OPTIONS,
]);
const CREATE = /** @type {const} */ (['branchKeyId', 'encryptionContext', 'signal']);
const CALL = /** @type {const} */ (['signal']);

/** @typedef {{ [name in typeof OPTIONS[number]]?: unknown }} Given */

/**
 * Returns the native store of a `BranchKeyStore`'s options, and what `info` tells of them.
 *
 * @param {unknown} options
 */
function open(options) {
  const given = args.options(options, OPTIONS);
  const isOwn = given.storage !== undefined;
  if (isOwn) checkOwnStorage(given);
  const tableName = isOwn ? undefined : args.nameString(given.tableName, 'tableName');
  const own = { logicalName: args.nameString(given.logicalName, 'logicalName'), ...kmsKeys(given) };
  const kmsEndpoint = args.optionalString(given.kmsEndpoint, 'kmsEndpoint');
  const access = accessOptions({ ...given, endpoint: kmsEndpoint });
  const rest = /** @type {const} */ ([own, access, guardOptions(given), credentialsOf(given)]);
  if (tableName === undefined) {
    const native = binding.BranchKeyStore.overStorage(storageFunctions(given.storage), ...rest);
    return { native, info: Object.freeze(own) };
  }
  const endpoint = args.optionalString(given.endpoint, 'endpoint');
  const native = binding.BranchKeyStore.dynamoDb(tableName, endpoint, ...rest);
  return { native, info: Object.freeze({ tableName, ...own }) };
}

function checkOwnStorage(/** @type {Given} */ given) {
  for (const name of /** @type {const} */ (['tableName', 'endpoint'])) {
    if (given[name] === undefined) continue;
    throw invalid(`${name} is for DynamoDB; leave it out, as there is a storage of your own`);
  }
}

function kmsKeys(/** @type {Given} */ given) {
  const multiRegion = args.optionalBoolean(given.multiRegion, 'multiRegion') ?? false;
  if (given.discovery === undefined || given.discovery === false) {
    if (given.kmsKeyId === undefined) {
      throw invalid('give the ARN of a KMS key as kmsKeyId; or discovery: true, to read only');
    }
    if (given.kmsRegion !== undefined) {
      throw invalid('kmsRegion is for discovery; the ARN in kmsKeyId has its Region');
    }
    return { kmsKeyId: args.nameString(given.kmsKeyId, 'kmsKeyId'), multiRegion };
  }
  if (given.discovery !== true) throw invalid('discovery must be true or false');
  if (given.kmsKeyId !== undefined) {
    throw invalid('kmsKeyId and discovery exclude each other; leave one of them out');
  }
  return { kmsRegion: args.optionalString(given.kmsRegion, 'kmsRegion'), multiRegion };
}

/**
 * Creates a branch key.
 *
 * @param {import('../../binding').BranchKeyStore} store
 * @param {unknown} options
 */
async function create(store, options) {
  const given = args.options(options ?? {}, CREATE);
  const id = given.branchKeyId === undefined ? undefined : idOf(given.branchKeyId);
  const context = args.flattenContext(given.encryptionContext);
  const signal = args.abortSignal(given.signal);
  const { branchKeyId, version } = await abortable(signal, (caller) =>
    store.create(id, context, caller),
  );
  return { branchKeyId, version };
}

/**
 * Returns what the table has of a branch key.
 *
 * @param {import('../../binding').BranchKeyStore} store
 * @param {unknown} branchKeyId
 * @param {unknown} options
 */
async function describe(store, branchKeyId, options) {
  const id = idOf(branchKeyId);
  const { context, ...description } = await abortable(signalOf(options), (caller) =>
    store.describe(id, caller),
  );
  return {
    branchKeyId: id,
    ...description,
    encryptionContext: Object.fromEntries(context),
  };
}

/**
 * Returns the id of a branch key: any text.
 *
 * @param {unknown} value
 */
function idOf(value) {
  return args.nameString(value, 'branchKeyId');
}

/** @param {unknown} options */
function signalOf(options) {
  return args.abortSignal(args.options(options ?? {}, CALL).signal);
}

module.exports = { create, describe, idOf, open, signalOf };
