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
  const checkedOptions = args.options(options, OPTIONS);
  return {
    client: clientOf(checkedOptions.envelope),
    store: checkedOptions.store,
    tenant: args.string(checkedOptions.tenant, 'tenant'),
    create: args.optionalBoolean(checkedOptions.create, 'create') ?? false,
    type: args.optionalString(checkedOptions.keyType, 'keyType') ?? DEFAULT_TYPES.encryption,
    refreshMs:
      args.optionalInteger(checkedOptions.refreshMs, 'refreshMs', 10, UINT32_MAX) ??
      DEFAULT_REFRESH_MS,
    limit:
      args.optionalInteger(
        checkedOptions.maxEncryptionsPerKey,
        'maxEncryptionsPerKey',
        1,
        2 ** 48,
      ) ?? DEFAULT_MAX_ENCRYPTIONS,
    signal: args.abortSignal(checkedOptions.signal),
  };
}

module.exports = { openOptions };
