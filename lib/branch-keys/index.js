'use strict';

const { abortable } = require('../calls/abort.js');
const { brand, unknownObject } = require('../input/copies.js');
const { native } = require('../errors.js');
const { lazy } = require('../lazy.js');

const stores = lazy(() => require('./store.js'));

/** @type {WeakMap<object, import('../../binding').BranchKeyStore>} */
const nativeStores = new WeakMap();

/** Branch keys in a table. */
class BranchKeyStore {
  #info;

  /** @param {unknown} options */
  constructor(options) {
    const { native: store, info } = native(() => stores().open(options));
    nativeStores.set(this, store);
    this.#info = info;
  }

  /** @param {unknown} [options] */
  async create(options) {
    return stores().create(nativeStore(this), options);
  }

  /** @param {unknown} branchKeyId @param {unknown} [options] */
  async rotate(branchKeyId, options) {
    const { idOf, signalOf } = stores();
    const id = idOf(branchKeyId);
    const store = nativeStore(this);
    const rotated = await abortable(signalOf(options), (caller) => store.rotate(id, caller));
    return { branchKeyId: rotated.branchKeyId, version: rotated.version };
  }

  /** @param {unknown} branchKeyId @param {unknown} [options] */
  async destroy(branchKeyId, options) {
    const { idOf, signalOf } = stores();
    const id = idOf(branchKeyId);
    const store = nativeStore(this);
    const versions = await abortable(signalOf(options), (caller) => store.destroy(id, caller));
    return { versions };
  }

  /** @param {unknown} branchKeyId @param {unknown} [options] */
  async describe(branchKeyId, options) {
    return stores().describe(nativeStore(this), branchKeyId, options);
  }

  /** @param {unknown} [options] */
  async list(options) {
    const store = nativeStore(this);
    return abortable(stores().signalOf(options), (caller) => store.list(caller));
  }

  /** @param {unknown} [options] */
  async createTable(options) {
    const store = nativeStore(this);
    await abortable(stores().signalOf(options), (caller) => store.createTable(caller));
  }

  info() {
    return this.#info;
  }
}

brand(BranchKeyStore);

/**
 * Returns the native half of a store.
 *
 * @param {unknown} store
 * @param {string} [name] how the argument is called, for the error
 * @returns {import('../../binding').BranchKeyStore}
 */
function nativeStore(store, name = 'branchKeyStore') {
  const found = nativeStores.get(/** @type {object} */ (store));
  if (found) return found;
  throw unknownObject(store, 'BranchKeyStore', name, 'must be a BranchKeyStore');
}

module.exports = { BranchKeyStore, nativeStore };
