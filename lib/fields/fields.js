'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { throwIfAborted, untilAborted } = require('../calls/abort.js');
const { EnvelopeError, invalid, native } = require('../errors.js');
const { brand } = require('../input/copies.js');
const { DEFAULT_TYPES, PURPOSES, purposeOf } = require('./purposes.js');
const { lazy } = require('../lazy.js');

const columns = lazy(() => require('./column.js'));
const keysets = lazy(() => require('./keyset.js'));
const openOptions = lazy(() => require('./open-options.js'));
const opened = lazy(() => require('./opened.js'));
const records = lazy(() => require('./record.js'));
const renewal = lazy(() => require('./renewal.js'));

/** @typedef {import('../../binding').TenantKeys} TenantKeys */
/** @typedef {import('./record.js').Loaded} Loaded */

/** How long a process does not look again for a key that it has not found, in milliseconds. */
const LOOK_AGAIN_MS = 1000;
const UINT32_MAX = 2 ** 32 - 1;
/** Only this file makes them. */
const OWN = Symbol('Fields');

/** The encrypted columns of a tenant. */
class Fields {
  #record;
  #version;
  #keys;
  #tenant;
  #closed = false;
  #looked = 0;
  #reads = { started: 0, completed: 0 };
  /** @type {Promise<void> | undefined} */
  #refreshing;

  /**
   * @param {unknown} token
   * @param {InstanceType<typeof import('./record.js')['TenantRecord']>} record
   * @param {Loaded} loaded
   * @param {number} limit
   */
  constructor(token, record, loaded, limit) {
    if (token !== OWN) throw invalid('open fields by Fields.open');
    this.#record = record;
    this.#tenant = record.tenant;
    this.#version = loaded.version;
    this.#keys = native(() => binding.FieldKeys.create(loaded.keys, record.tenant, limit));
    renewal().renew(this);
  }

  /** @param {unknown} options */
  static async open(options) {
    const checkedOptions = openOptions().openOptions(options);
    const { client, tenant, create, type, refreshMs, limit, signal } = checkedOptions;
    const record = new (records().TenantRecord)(client, checkedOptions.store, tenant);
    const start = async () => {
      const stored = await record.load();
      const fresh = () => native(() => binding.TenantKeys.generate(type, refreshMs));
      const loaded = stored ?? (create ? await record.create(fresh()) : undefined);
      if (loaded) return new Fields(OWN, record, loaded, limit);
      throw new EnvelopeError(
        'ERR_ENVELOPE_KEYSET_NOT_FOUND',
        'the store has no keys of this tenant; create them, once, with `create: true`',
      );
    };
    const { openOnce } = opened();
    return openOnce({ client, store: record.store, tenant }, start, { create, signal });
  }

  get tenant() {
    return this.#tenant;
  }

  /** How often the keys are read again, in milliseconds. */
  get refreshMs() {
    return this.#current().refreshMs;
  }

  /** @param {unknown} options */
  column(options) {
    this.#current();
    return new (columns().Column)(this.#keys, options, {
      version: () => this.#version,
      reads: this.#reads,
      onUnknownKey: () => this.#look(),
    });
  }

  /** @param {unknown} [purpose] */
  keys(purpose) {
    const wanted = purpose === undefined ? PURPOSES : [purposeOf(purpose)];
    const current = this.#current();
    return wanted.flatMap((name) =>
      native(() => current.keys(name)).map(({ id, typeName, enabled, primary, encrypted }) => ({
        id,
        purpose: name,
        type: typeName,
        enabled,
        primary,
        encrypted,
        waitMs: current.waitMs(id, Date.now()),
      })),
    );
  }

  /** @param {unknown} [purpose] */
  keyset(purpose = 'encryption') {
    const name = purposeOf(purpose);
    return keysets().keysetOf(native(() => this.#current().keyset(name)));
  }

  /**
   * @param {unknown} [purpose]
   * @param {unknown} [options]
   */
  async addKey(purpose = 'encryption', options) {
    const name = purposeOf(purpose);
    const checkedOptions = args.options(options, /** @type {const} */ (['type', 'signal']));
    const type = args.optionalString(checkedOptions.type, 'type') ?? DEFAULT_TYPES[name];
    const signal = args.abortSignal(checkedOptions.signal);
    await this.refresh({ signal });
    return (await this.#add(name, type, signal)).keyId;
  }

  /**
   * @param {unknown} keyId
   * @param {unknown} [options]
   */
  promote(keyId, options) {
    return this.#step('promote', keyId, options);
  }

  /**
   * @param {unknown} keyId
   * @param {unknown} [options]
   */
  enable(keyId, options) {
    return this.#step('enable', keyId, options);
  }

  /**
   * @param {unknown} keyId
   * @param {unknown} [options]
   */
  disable(keyId, options) {
    return this.#step('disable', keyId, options);
  }

  /**
   * @param {unknown} keyId
   * @param {unknown} [options]
   */
  destroyKey(keyId, options) {
    return this.#step('destroy', keyId, options);
  }

  /**
   * The next step of a rotation: promotes the key that was added last, once its time has come; without
   * such a key adds one. Decided from the keys that are saved over: of two that rotate at once, one fails.
   *
   * @param {unknown} [purpose]
   * @param {unknown} [options]
   */
  async rotate(purpose = 'encryption', options) {
    const name = purposeOf(purpose);
    const { signal: input } = args.options(options, /** @type {const} */ (['signal']));
    const signal = args.abortSignal(input);
    await this.refresh({ signal });
    const keys = this.keys(name);
    const primary = keys.findIndex((key) => key.primary);
    const next = keys.findLast((key, i) => i > primary && key.enabled);
    if (!next) {
      const added = await this.#add(name, DEFAULT_TYPES[name], signal);
      return { keyId: added.keyId, promoted: false, waitMs: added.waitMs };
    }
    if (next.waitMs > 0) return { keyId: next.id, promoted: false, waitMs: next.waitMs };
    await this.#save(signal, (current) => current.withStep('promote', next.id, Date.now(), false));
    return { keyId: next.id, promoted: true, waitMs: 0 };
  }

  /** @param {unknown} [options] */
  async refresh(options) {
    const checkedOptions = args.options(options, /** @type {const} */ (['signal']));
    const signal = args.abortSignal(checkedOptions.signal);
    this.#current();
    // Who asks meanwhile waits for the same, each with a signal of its own.
    await untilAborted(signal, () => (this.#refreshing ??= this.#refresh()));
  }

  /** @param {unknown} [options] */
  async destroy(options) {
    const { signal } = args.options(options, /** @type {const} */ (['signal']));
    throwIfAborted(args.abortSignal(signal));
    await this.#record.remove();
    this.close();
  }

  close() {
    this.#closed = true;
    opened().forget(this);
    native(() => this.#keys.release());
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  get closed() {
    return this.#closed;
  }

  #current() {
    return native(() => this.#keys.current());
  }

  async #refresh() {
    const read = ++this.#reads.started;
    const before = this.#version;
    const ended = () => (this.#refreshing = undefined);
    const loaded = await this.#record.loadUnless(before).finally(ended);
    if (loaded === undefined) {
      this.close();
      throw records().destroyed();
    }
    // A change of this process came first: what was read may be older than it, or newer.
    if (!this.#closed && this.#version !== before) return this.refresh();
    if (loaded.keys) this.#use(loaded, before);
    this.#reads.completed = read;
  }

  /**
   * Uses keys that were read or saved while those of the version `before` were in use. If others are in use
   * by now, they are newer, also if their version is lower: then they were created anew.
   *
   * @param {Loaded} loaded
   * @param {number} before
   */
  #use({ keys, version }, before) {
    if (this.#closed || this.#version !== before) return;
    native(() => this.#keys.replace(keys));
    this.#version = version;
  }

  /** Reads the keys again, at most once a while, because a value names one that is not there. */
  #look() {
    const now = Date.now();
    if (this.#closed || now - this.#looked < Math.min(LOOK_AGAIN_MS, this.refreshMs)) return;
    this.#looked = now;
    this.refresh().catch(() => {});
  }

  /**
   * @param {string} step
   * @param {unknown} keyId
   * @param {unknown} options
   */
  async #step(step, keyId, options) {
    const id = args.integer(keyId, 'the key id', 0, UINT32_MAX);
    const checkedOptions = args.options(options, /** @type {const} */ (['force', 'signal']));
    const force = args.optionalBoolean(checkedOptions.force, 'force') ?? false;
    const signal = args.abortSignal(checkedOptions.signal);
    await this.refresh({ signal });
    await this.#save(signal, (keys) => keys.withStep(step, id, Date.now(), force));
  }

  /**
   * Adds a key; returns its id, and how long it waits to be promoted.
   *
   * @param {ReturnType<typeof purposeOf>} purpose
   * @param {string} type
   * @param {AbortSignal | undefined} signal
   */
  async #add(purpose, type, signal) {
    const saved = await this.#save(signal, (keys) => keys.withKey(purpose, type, Date.now()));
    const keyId = /** @type {number} */ (native(() => saved.keys(purpose)).at(-1)?.id);
    return { keyId, waitMs: native(() => saved.waitMs(keyId, Date.now())) };
  }

  /**
   * Saves the keys in use with a change, and returns them as they were saved; fails if somebody else has
   * changed the stored ones since they were read.
   *
   * @param {AbortSignal | undefined} signal
   * @param {(keys: TenantKeys) => TenantKeys} change
   */
  async #save(signal, change) {
    const before = this.#version;
    const changed = native(() => change(this.#current()));
    const saved = await this.#record.save(changed, before, signal);
    this.#use(saved, before);
    return saved.keys;
  }
}

brand(Fields);

module.exports = { Fields };
