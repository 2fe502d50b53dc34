'use strict';

const { isDatabase, openDatabase } = require('../databases/index.js');
const { Failure, usage } = require('./errors.js');
const { envelopeOf } = require('./envelope.js');
const { library } = require('./library.js');

/** @typedef {import('./arguments.js').Values} Values */
/** @typedef {import('../..').KeysetStore} KeysetStore */
/** @typedef {import('../..').Fields} Fields */

/**
 * Opens the keys that the command line names, for as long as `use` takes.
 *
 * @template T
 * @param {Values} values
 * @param {Partial<import('../..').FieldsOptions>} options
 * @param {(fields: Fields) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withFields(values, options, use) {
  const tenant = tenantOf(values);
  const envelope = envelopeOf(values);
  return withStore(values, options.create === true, async (store) => {
    const fields = await library().Fields.open({ envelope, store, tenant, ...options });
    try {
      return await use(fields);
    } finally {
      fields.close();
    }
  });
}

/**
 * Opens the store that `--store`, or the environment, names.
 *
 * @template T
 * @param {Values} values
 * @param {boolean} create whether what is not there is made
 * @param {(store: KeysetStore) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withStore({ store: address = process.env.FIELDS_STORE }, create, use) {
  const { FolderKeysetStore, SqlKeysetStore } = library();
  if (!address) throw usage('give --store, or set the environment variable FIELDS_STORE');
  if (!isDatabase(address)) return use(new FolderKeysetStore(address));
  const database = await openDatabase(address, { create });
  try {
    const { dialect, query } = database;
    const store = new SqlKeysetStore({ dialect, query });
    if (create) await query(store.createTableSql);
    else await refuseMissingTable(database);
    return await use(store);
  } finally {
    await database.close();
  }
}

/** @param {import('../databases/index.js').Database} database */
async function refuseMissingTable({ dialect, query }) {
  const found = await query(
    dialect === 'sqlite'
      ? "SELECT 1 FROM sqlite_master WHERE name = 'field_keys'"
      : "SELECT 1 WHERE to_regclass('field_keys') IS NOT NULL",
  );
  if (found.length > 0) return;
  const advice = 'check --store, or make keys there with kms-envelope fields create';
  throw new Failure('KEYSET_NOT_FOUND', `the database has no table field_keys; ${advice}`);
}

/** @param {Values} values */
function tenantOf({ tenant }) {
  if (tenant) return tenant;
  throw usage('give --tenant, whose keys they are');
}

/** @param {Values} values */
function purposeOf({ purpose = 'encryption' }) {
  return /** @type {import('../..').FieldKeyPurpose} */ (purpose);
}

/**
 * Refuses arguments that are no options.
 *
 * @param {string} name
 * @param {string[]} positionals
 */
function refusePositionals(name, positionals) {
  if (positionals.length > 0) throw usage(`fields ${name} takes options only`);
}

module.exports = { purposeOf, refusePositionals, tenantOf, withFields, withStore };
