'use strict';

const { keyOf } = require('./arguments.js');
const { usage } = require('./errors.js');
const { library } = require('./library.js');

/** @typedef {import('./arguments.js').Values} Values */
/** @typedef {import('../..').BranchKeyStore} BranchKeyStore */

/**
 * Returns the key store that the command line names, to create, rotate and use branch keys in.
 *
 * @param {Values} values
 * @param {string} [key] the KMS key
 * @returns {BranchKeyStore}
 */
function keyStoreOf(values, key = keyOf(values)) {
  const { 'multi-region': multiRegion } = values;
  const table = tableOf(values);
  return open({ ...table, logicalName: logicalNameOf(values), kmsKeyId: key, multiRegion });
}

/**
 * Returns the same key store, to look at and to delete what is in the table: no record is decrypted, so it
 * needs no KMS key, and no name that records are authenticated with.
 *
 * @param {Values} values
 * @returns {BranchKeyStore}
 */
function tableStoreOf(values) {
  const table = tableOf(values);
  return open({ ...table, logicalName: table.tableName, discovery: true });
}

/**
 * Returns the keyring of a branch key.
 *
 * @param {Values} values
 * @param {string} branchKeyId
 * @param {string} [key] the KMS key that wraps it
 */
function branchKeyringOf(values, branchKeyId, key) {
  if (branchKeyId === '') throw usage('--branch-key and --to-branch-key must not be empty');
  const { HierarchicalKeyring } = library();
  return new HierarchicalKeyring({ branchKeyStore: keyStoreOf(values, key), branchKeyId });
}

/**
 * Returns the table's name as given, or the environment names it; nothing if neither does.
 *
 * @param {Values} values
 */
function tableNameOf({ 'key-store': name = process.env.BRANCH_KEY_STORE }) {
  return name === '' ? undefined : name;
}

/**
 * Returns the name that the records of the table are authenticated with.
 *
 * @param {Values} values
 * @returns {string}
 */
function logicalNameOf({ 'logical-name': name = process.env.BRANCH_KEY_LOGICAL_NAME }) {
  if (name) return name;
  throw usage('give --logical-name, or set the environment variable BRANCH_KEY_LOGICAL_NAME');
}

/**
 * Returns the id of a branch key, the only argument that is no option.
 *
 * @param {string} name of the command
 * @param {string[]} positionals
 */
function branchKeyIdOf(name, positionals) {
  const [id, ...others] = positionals;
  if (id && others.length === 0) return id;
  throw usage(`branch-key ${name} takes the id of one branch key, such as tenant-blue`);
}

/** @param {Values} values */
function tableOf(values) {
  const tableName = tableNameOf(values);
  if (!tableName) {
    throw usage('give --key-store, or set the environment variable BRANCH_KEY_STORE');
  }
  const [, region] = /^arn:[^:]*:dynamodb:([^:]+):/.exec(tableName) ?? [];
  return { tableName, region };
}

/** @param {import('../..').BranchKeyStoreOptions} options */
function open(options) {
  return new (library().BranchKeyStore)(options);
}

module.exports = {
  branchKeyIdOf,
  branchKeyringOf,
  keyStoreOf,
  logicalNameOf,
  tableNameOf,
  tableStoreOf,
};
