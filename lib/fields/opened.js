'use strict';

/** How many tenants of one store and envelope are kept open at once. */
const MOST = 1000;

/** @typedef {InstanceType<typeof import('./fields.js').Fields>} Fields */

/**
 * By client and store: those who open a tenant at the same time share one call of the key service,
 * and those who come later need none. The least recently used are dropped first; whoever still holds
 * them can use them on.
 *
 * @type {WeakMap<object, WeakMap<object, Map<string, Promise<Fields>>>>}
 */
const all = new WeakMap();
/** @type {WeakMap<Fields, { tenants: Map<string, Promise<Fields>>, tenant: string }>} */
const places = new WeakMap();

/**
 * @param {object} client
 * @param {object} store
 * @param {string} tenant
 * @param {() => Promise<Fields>} start
 * @returns {Promise<Fields>}
 */
function opened(client, store, tenant, start) {
  const tenants = tenantsOf(client, store);
  const known = tenants.get(tenant);
  tenants.delete(tenant);
  const opening = known ?? open(tenants, tenant, start);
  tenants.set(tenant, opening);
  for (const oldest of tenants.keys()) {
    if (tenants.size <= MOST) break;
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
  const opening = start().then(
    (fields) => {
      places.set(fields, { tenants, tenant });
      return fields;
    },
    (error) => {
      if (tenants.get(tenant) === opening) tenants.delete(tenant);
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
  const place = places.get(fields);
  place?.tenants.delete(place.tenant);
}

/**
 * @param {object} client
 * @param {object} store
 */
function tenantsOf(client, store) {
  const stores = all.get(client) ?? new WeakMap();
  all.set(client, stores);
  const tenants = stores.get(store) ?? new Map();
  stores.set(store, tenants);
  return tenants;
}

module.exports = { forget, opened };
