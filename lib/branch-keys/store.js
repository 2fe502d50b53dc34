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
  const checkedOptions = args.options(options, OPTIONS);
  const isOwn = checkedOptions.storage !== undefined;
  if (isOwn) checkOwnStorage(checkedOptions);
  const tableName = isOwn ? undefined : args.nameString(checkedOptions.tableName, 'tableName');
  const described = {
    logicalName: args.nameString(checkedOptions.logicalName, 'logicalName'),
    ...kmsKeys(checkedOptions),
  };
  const kmsEndpoint = args.optionalString(checkedOptions.kmsEndpoint, 'kmsEndpoint');
  const access = accessOptions({ ...checkedOptions, endpoint: kmsEndpoint });
  const rest = /** @type {const} */ ([
    described,
    access,
    guardOptions(checkedOptions),
    credentialsOf(checkedOptions),
  ]);
  if (tableName === undefined) {
    const native = binding.BranchKeyStore.overStorage(
      storageFunctions(checkedOptions.storage),
      ...rest,
    );
    return { native, info: Object.freeze(described) };
  }
  const endpoint = args.optionalString(checkedOptions.endpoint, 'endpoint');
  const native = binding.BranchKeyStore.dynamoDb(tableName, endpoint, ...rest);
  return { native, info: Object.freeze({ tableName, ...described }) };
}

function checkOwnStorage(/** @type {Given} */ options) {
  for (const name of /** @type {const} */ (['tableName', 'endpoint'])) {
    if (options[name] === undefined) continue;
    throw invalid(`${name} is for DynamoDB; leave it out, as there is a storage of your own`);
  }
}

function kmsKeys(/** @type {Given} */ options) {
  const multiRegion = args.optionalBoolean(options.multiRegion, 'multiRegion') ?? false;
  if (options.discovery === undefined || options.discovery === false) {
    if (options.kmsKeyId === undefined) {
      throw invalid('give the ARN of a KMS key as kmsKeyId; or discovery: true, to read only');
    }
    if (options.kmsRegion !== undefined) {
      throw invalid('kmsRegion is for discovery; the ARN in kmsKeyId has its Region');
    }
    return { kmsKeyId: args.nameString(options.kmsKeyId, 'kmsKeyId'), multiRegion };
  }
  if (options.discovery !== true) throw invalid('discovery must be true or false');
  if (options.kmsKeyId !== undefined) {
    throw invalid('kmsKeyId and discovery exclude each other; leave one of them out');
  }
  return { kmsRegion: args.optionalString(options.kmsRegion, 'kmsRegion'), multiRegion };
}

/**
 * Creates a branch key.
 *
 * @param {import('../../binding').BranchKeyStore} store
 * @param {unknown} options
 */
async function create(store, options) {
  const checkedOptions = args.options(options ?? {}, CREATE);
  const id =
    checkedOptions.branchKeyId === undefined ? undefined : idOf(checkedOptions.branchKeyId);
  const context = args.flattenContext(checkedOptions.encryptionContext);
  const signal = args.abortSignal(checkedOptions.signal);
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
