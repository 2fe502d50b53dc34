'use strict';

const { untilAborted } = require('../calls/abort.js');

/** The most tenants of one store and envelope that are kept open at once. */
const MAX_TENANTS = 1000;

/** @typedef {InstanceType<typeof import('./fields.js').Fields>} Fields */

/**
 * The opened fields of each tenant, by client and store. Callers that open a tenant at the same time share
 * one call of the key service, and later ones need none. The least recently used are dropped first; those
 * who still hold them can go on using them.
 *
 * @type {WeakMap<object, WeakMap<object, Map<string, Promise<Fields>>>>}
 */
const storesOfClients = new WeakMap();
/** @type {WeakMap<Fields, () => void>} how opened fields are forgotten */
const forgetters = new WeakMap();

/**
 * Returns the opened fields of a tenant; opens them by `start` unless that was done, or is being done.
 *
 * @param {{ client: object, store: object, tenant: string }} place
 * @param {() => Promise<Fields>} start heeds no signal, as other calls may wait for the same
 * @param {{ create: boolean, signal: AbortSignal | undefined }} options create: whether `start` creates keys
 *   where there are none
 * @returns {Promise<Fields>}
 */
function openOnce({ client, store, tenant }, start, { create, signal }) {
  const share = () => openShared(client, store, tenant, start);
  return untilAborted(signal, async () => {
    try {
      return await share();
    } catch (error) {
      // A call that was not to create any may have begun to open them.
      if (create && Object(error).code === 'ERR_ENVELOPE_KEYSET_NOT_FOUND') return share();
      throw error;
    }
  });
}

/**
 * @param {object} client
 * @param {object} store
 * @param {string} tenant
 * @param {() => Promise<Fields>} start
 * @returns {Promise<Fields>}
 */
function openShared(client, store, tenant, start) {
  const tenants = tenantsOf(client, store);
  const known = tenants.get(tenant);
  tenants.delete(tenant);
  const opening = known ?? open(tenants, tenant, start);
  tenants.set(tenant, opening);
  for (const oldest of tenants.keys()) {
    if (tenants.size <= MAX_TENANTS) break;
    tenants.delete(oldest);
  }
  return opening;
}

/**
 * @param {Map<string, Promise<Fields>>} tenants
 * @param {string} tenant
 * @param {() => Promise<Fields>} start
 */
function open(tenants, tenant, start) {
  // Not those that were opened after it.
  const forgetThis = () => {
    if (tenants.get(tenant) === opening) tenants.delete(tenant);
  };
  const opening = start().then(
    (fields) => {
      forgetters.set(fields, forgetThis);
      return fields;
    },
    (error) => {
      forgetThis();
      throw error;
    },
  );
  return opening;
}

/**
 * Forgets opened fields: the next call that opens the tenant reads its keys again.
 *
 * @param {Fields} fields
 */
function forget(fields) {
  forgetters.get(fields)?.();
}

/**
 * @param {object} client
 * @param {object} store
 */
function tenantsOf(client, store) {
  const stores = storesOfClients.get(client) ?? new WeakMap();
  storesOfClients.set(client, stores);
  const tenants = stores.get(store) ?? new Map();
  stores.set(store, tenants);
  return tenants;
}

module.exports = { forget, openOnce };
