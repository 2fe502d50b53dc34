'use strict';

const args = require('../input/index.js');

/**
 * Returns the checked arguments of a store's `save`, the data copied.
 *
 * @param {unknown} name of the tenant
 * @param {unknown} bytes
 * @param {unknown} versions
 */
function toSave(name, bytes, versions) {
  const known = /** @type {const} */ (['version', 'previousVersion']);
  const checkedVersions = args.options(versions, known, 'the versions');
  const { MAX_SAFE_INTEGER: most } = Number;
  return {
    tenant: tenantOf(name),
    data: Buffer.from(args.byteArray(bytes, 'the data')),
    version: args.integer(checkedVersions.version, 'version', 1, most),
    previousVersion: args.integer(checkedVersions.previousVersion, 'previousVersion', 0, most),
  };
}

/** @param {unknown} name */
function tenantOf(name) {
  return args.string(name, 'the tenant');
}

module.exports = { tenantOf, toSave };
