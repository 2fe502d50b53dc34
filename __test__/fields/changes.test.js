'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const { MemoryStore, envelope, open } = require('../support/fields');

const COLUMN = { table: 'users', column: 'email', type: 'text' };
/** What changes the keys, each on `[primary, added]` keys; returns what the call resolves with. */
const CHANGES = {
  addKey: (fields) => fields.addKey(),
  rotate: (fields) => fields.rotate('index'),
  promote: (fields, [, added]) => fields.promote(added, { force: true }),
  disable: (fields, [, added]) => fields.disable(added, { force: true }),
  enable: (fields, [, added]) => fields.enable(added),
};

/**
 * A store that, once `afterSave` or `afterLoad` is set, calls it after the next save or load, before that is
 * answered; and whose answers to `load` wait for `held`.
 */
class WatchedStore extends MemoryStore {
  afterSave;
  afterLoad;
  held;

  async load(tenant) {
    const stored = await super.load(tenant);
    await this.held;
    const { afterLoad } = this;
    this.afterLoad = undefined;
    await afterLoad?.();
    return stored;
  }

  async save(...args) {
    const saved = await super.save(...args);
    const { afterSave } = this;
    this.afterSave = undefined;
    await afterSave?.();
    return saved;
  }
}

/** Fields of a store, with an envelope of their own: two share nothing, as two processes would. */
function openApart(t, store) {
  return open(t, { store, envelope: envelope(), refreshMs: 3_600_000 });
}

function ids(fields, purpose = 'encryption') {
  return fields.keys(purpose).map(({ id }) => id);
}

describe('a change of the keys', () => {
  for (const [name, change] of Object.entries(CHANGES)) {
    it(`by ${name} that was saved is no failure, though the fields were closed meanwhile`, async (t) => {
      const store = new WatchedStore();
      const fields = await openApart(t, store);
      await fields.addKey();
      const before = [...ids(fields), ...ids(fields, 'index')];
      const { version } = await store.load('acme');

      store.afterSave = () => fields.close();
      const result = await change(fields, ids(fields));

      assert.equal(fields.closed, true);
      assert.equal((await store.load('acme')).version, version + 1);
      assert.throws(() => fields.keys(), { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
      const again = await openApart(t, store);
      const added = [...ids(again), ...ids(again, 'index')].filter((id) => !before.includes(id));
      const results = { addKey: added[0], rotate: result && { ...result, keyId: added[0] } };
      assert.deepEqual(result, results[name]);
      assert.equal(added.length, name in results ? 1 : 0);
    });
  }

  it('by rotate tells how long its key waits, though the fields were closed meanwhile', async (t) => {
    const store = new WatchedStore();
    const fields = await open(t, { store, refreshMs: 60_000 });
    store.afterSave = () => fields.close();
    const { waitMs } = await fields.rotate();
    assert.ok(waitMs > 100_000 && waitMs <= 120_000, String(waitMs));
  });

  it('does not bring back older keys, if newer ones were read before its save was answered', async (t) => {
    const store = new WatchedStore();
    const [fields, other] = [await openApart(t, store), await openApart(t, store)];
    let theirs;
    store.afterSave = async () => {
      theirs = await other.addKey();
      await other.promote(theirs, { force: true });
      await fields.refresh();
    };
    const ours = await fields.addKey();
    assert.notEqual(ours, theirs);
    assert.deepEqual(ids(fields), ids(other));
    assert.deepEqual(ids(fields).slice(1), [ours, theirs]);
    const sealed = other.column(COLUMN).encrypt('ada');
    assert.equal(fields.column(COLUMN).decrypt(sealed), 'ada');
  });

  it('by rotate tells of the key that it added, not of one that another process added', async (t) => {
    const store = new WatchedStore();
    const [fields, other] = [await openApart(t, store), await openApart(t, store)];
    let theirs;
    store.afterSave = async () => {
      theirs = await other.addKey();
      await fields.refresh();
    };
    const { keyId, waitMs } = await fields.rotate();
    const [, ours, last] = ids(other);
    assert.deepEqual([keyId, theirs], [ours, last]);
    assert.ok(waitMs > 0);
  });

  it('by rotate adds no second key, if another process added one after the keys were read', async (t) => {
    const store = new WatchedStore();
    const [fields, other] = [await openApart(t, store), await openApart(t, store)];
    let theirs;
    store.afterLoad = async () => {
      theirs = await other.rotate();
    };
    await assert.rejects(fields.rotate(), { code: 'ERR_ENVELOPE_KEYSET_CONFLICT' });
    const { keyId, promoted } = await fields.rotate();
    assert.deepEqual({ keyId, promoted }, { keyId: theirs.keyId, promoted: false });
    assert.equal(ids(fields).length, 2);
  });

  it('by rotate, called twice at once, adds one key', async (t) => {
    const fields = await openApart(t, new WatchedStore());
    const results = await Promise.allSettled([fields.rotate(), fields.rotate()]);
    assert.deepEqual(results.map(({ value, reason }) => reason?.code ?? value.promoted).sort(), [
      'ERR_ENVELOPE_KEYSET_CONFLICT',
      false,
    ]);
    assert.equal(ids(fields).length, 2);
  });

  it('does not lose newer keys that were being read when its save was answered', async (t) => {
    const store = new WatchedStore();
    const [fields, other] = [await openApart(t, store), await openApart(t, store)];
    const column = fields.column({ ...COLUMN, from: [{ kind: 'plaintext' }] });
    let sealed;
    let release;
    store.afterSave = async () => {
      await other.promote(await other.addKey(), { force: true });
      sealed = other.column(COLUMN).encrypt('ada');
      store.held = new Promise((resolve) => (release = resolve));
      // The key is not known, so the keys are read again.
      assert.throws(() => column.decrypt(sealed), { code: 'ERR_ENVELOPE_NO_USABLE_KEY' });
    };
    await fields.addKey();
    release();
    await fields.refresh();
    assert.equal(column.decrypt(sealed), 'ada');
    assert.deepEqual(ids(fields), ids(other));
  });

  for (const [what, first] of Object.entries({ lower: 5, higher: 5000 })) {
    it(`does not bring back the keys of a tenant that was created anew with a ${what} version`, async (t) => {
      const random = t.mock.method(crypto, 'randomInt', () => 1000);
      const store = new WatchedStore();
      const [fields, other] = [await openApart(t, store), await openApart(t, store)];
      let anew;
      store.afterSave = async () => {
        await other.destroy();
        random.mock.mockImplementation(() => first);
        anew = await openApart(t, store);
        await fields.refresh();
      };
      const gone = await fields.addKey();
      assert.equal((await store.load('acme')).version, first);
      assert.ok(!ids(fields).includes(gone));
      assert.deepEqual(ids(fields), ids(anew));
    });
  }
});
