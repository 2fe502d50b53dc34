'use strict';

const { clientOf } = require('../envelope.js');
const args = require('../input/index.js');
const { DEFAULT_TYPES } = require('./purposes.js');

const OPTIONS = /** @type {const} */ ([
  'envelope',
  'store',
  'tenant',
  'create',
  'keyType',
  'refreshMs',
  'maxEncryptionsPerKey',
  'signal',
]);
const DEFAULT_REFRESH_MS = 60_000;
const DEFAULT_MAX_ENCRYPTIONS = 2 ** 28;
const UINT32_MAX = 2 ** 32 - 1;

/**
 * Returns the checked options of `Fields.open`, and their defaults; the record of the tenant checks the store.
 *
 * @param {unknown} options
 */
function openOptions(options) {
  const given = args.options(options, OPTIONS);
  return {
    client: clientOf(given.envelope),
    store: given.store,
    tenant: args.string(given.tenant, 'tenant'),
    create: args.optionalBoolean(given.create, 'create') ?? false,
    type: args.optionalString(given.keyType, 'keyType') ?? DEFAULT_TYPES.encryption,
    refreshMs:
      args.optionalInteger(given.refreshMs, 'refreshMs', 10, UINT32_MAX) ?? DEFAULT_REFRESH_MS,
    limit:
      args.optionalInteger(given.maxEncryptionsPerKey, 'maxEncryptionsPerKey', 1, 2 ** 48) ??
      DEFAULT_MAX_ENCRYPTIONS,
    signal: args.abortSignal(given.signal),
  };
}

module.exports = { openOptions };
