'use strict';

const binding = require('../native/load.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { abortable } = require('../calls/abort.js');
const { sentence } = require('../foreign-text.js');
const { byteArray } = require('../input/bytes.js');
const { hasFunction } = require('../input/functions.js');
const { kind } = require('../input/kind.js');
const { lazy } = require('../lazy.js');

const crypto = lazy(() => require('node:crypto'));

/** @typedef {import('../../binding').Client} Client */
/** @typedef {import('../../binding').TenantKeys} TenantKeys */
/** @typedef {{ keys: TenantKeys, version: number }} Loaded */

const METHODS = /** @type {const} */ (['load', 'save', 'remove']);
const PURPOSE = 'kms-envelope/fields';
/** Half of what a column `integer` of PostgreSQL holds: the other half is for later versions. */
const MOST_FIRST_VERSION = 2 ** 30;

/** The stored keys of a tenant: a message whose context names tenant, purpose and version. */
class TenantRecord {
  #client;

  /**
   * @param {Client} client
   * @param {unknown} store
   * @param {string} tenant
   */
  constructor(client, store, tenant) {
    this.#client = client;
    this.store = storeOf(store);
    this.tenant = tenant;
  }

  /**
   * The keys and their version; nothing if there are none.
   *
   * @returns {Promise<Loaded | undefined>}
   */
  async load() {
    const loaded = await this.loadUnless(undefined);
    return /** @type {Loaded | undefined} */ (loaded);
  }

  /**
   * The same without the keys of a version that is known: nobody is asked to decrypt it again.
   *
   * @param {number | undefined} known
   * @returns {Promise<Loaded | { keys?: undefined, version: number } | undefined>}
   */
  async loadUnless(known) {
    const stored = await this.#ask('load', async () => {
      const answer = await this.store.load(this.tenant);
      if (answer === undefined || answer === null) return undefined;
      const { data, version } = Object(answer);
      return { data, number: Number(version) };
    });
    if (stored === undefined) return undefined;
    const { data, number } = stored;
    if (!Number.isSafeInteger(number) || number < 1) {
      throw failed('load', 'its `version` is not a whole number from 1 up');
    }
    if (number === known) return { version: number };
    const message = byteArray(data, 'the `data` that the store gave');
    const keys = await abortable(undefined, (caller) =>
      binding.openTenantKeys(this.#client, message, this.#context(number), caller),
    );
    return { keys, version: number };
  }

  /**
   * Stores the first keys, or gives those that somebody else has stored first.
   *
   * @param {TenantKeys} keys
   */
  async create(keys) {
    const version = firstVersion();
    if (await this.#save(keys, version, 0)) return { keys, version };
    const loaded = await this.load();
    if (loaded) return loaded;
    throw conflict();
  }

  /**
   * Stores changed keys.
   *
   * @param {TenantKeys} keys
   * @param {number} previous the version that was changed
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Loaded>}
   */
  async save(keys, previous, signal) {
    const version = previous + 1;
    if (await this.#save(keys, version, previous, signal)) return { keys, version };
    throw conflict();
  }

  async remove() {
    await this.#ask('remove', () => this.store.remove(this.tenant));
  }

  /**
   * @param {TenantKeys} keys
   * @param {number} version
   * @param {number} previous 0 if there is none
   * @param {AbortSignal} [signal]
   */
  async #save(keys, version, previous, signal) {
    const data = await abortable(signal, (caller) =>
      binding.sealTenantKeys(this.#client, keys, this.#context(version), caller),
    );
    const saved = await this.#ask('save', () =>
      this.store.save(this.tenant, data, { version, previousVersion: previous }),
    );
    if (typeof saved !== 'boolean') throw failed('save', 'it must resolve with true or false');
    return saved;
  }

  /** @param {number} version */
  #context(version) {
    return ['purpose', PURPOSE, 'tenant', this.tenant, 'version', String(version)];
  }

  /**
   * @template T
   * @param {typeof METHODS[number]} method
   * @param {() => T} call
   * @returns {Promise<Awaited<T>>}
   */
  async #ask(method, call) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof EnvelopeError) throw error;
      throw failed(method, 'see `cause`', error);
    }
  }
}

/**
 * Returns the number of the first version of keys: a random one, as a tenant that was destroyed may be
 * created anew. Were it 1 again, a process that missed that would take the new keys for its own.
 */
function firstVersion() {
  return crypto().randomInt(1, MOST_FIRST_VERSION + 1);
}

/**
 * @param {unknown} store
 * @returns {{
 *   load(tenant: string): unknown,
 *   save(tenant: string, data: Buffer, versions: { version: number, previousVersion: number }): unknown,
 *   remove(tenant: string): unknown,
 * }}
 */
function storeOf(store) {
  const candidate = /** @type {any} */ (store);
  const isStore = Object(store) === store && METHODS.every((name) => hasFunction(candidate, name));
  if (isStore) return candidate;
  throw invalid(`store must have the functions ${METHODS.join(', ')}, not be ${kind(store)}`);
}

/**
 * @param {string} method
 * @param {string} reason
 * @param {unknown} [error]
 */
function failed(method, reason, error) {
  const text = error === undefined ? undefined : sentence(textOf(error));
  return new EnvelopeError(
    'ERR_ENVELOPE_KEYSET_STORE',
    `the store failed to ${method} the keys: ${reason}`,
    { retryable: true, ...(text === undefined ? {} : { cause: new Error(text) }) },
  );
}

/** @param {unknown} error */
function textOf(error) {
  try {
    return String(error);
  } catch {
    return 'what was thrown cannot be read';
  }
}

/** The error of a process whose keys are in the store no more. */
function destroyed() {
  return new EnvelopeError(
    'ERR_ENVELOPE_KEYSET_NOT_FOUND',
    'the keys of this tenant were destroyed; its values can be read no more',
  );
}

function conflict() {
  return new EnvelopeError(
    'ERR_ENVELOPE_KEYSET_CONFLICT',
    'somebody else changed the keys of this tenant at the same time; try again',
    { retryable: true },
  );
}

module.exports = { TenantRecord, destroyed };
