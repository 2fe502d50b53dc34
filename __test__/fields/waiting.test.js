'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Fields, FolderKeysetStore } = require('../..');
const { MemoryStore, envelope, folder, open } = require('../support/fields');
const { rejection } = require('../support/rejects');

/** A store whose `load` waits until it is let go on. */
class SlowStore extends MemoryStore {
  #waiting = [];
  waits = false;

  async load(tenant) {
    if (this.waits) await new Promise((resolve) => this.#waiting.push(resolve));
    return super.load(tenant);
  }

  goOn() {
    this.waits = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

describe('who waits for the keys of a tenant', () => {
  const openings = (store, ...options) => {
    const given = { envelope: envelope(), store, tenant: 'acme' };
    return options.map((each) => Fields.open({ ...given, ...each }));
  };

  it('stops by a signal of its own, and those who wait for the same go on', async (t) => {
    const store = new SlowStore();
    store.waits = true;
    const { signal, abort } = controller();
    const [stopped, opened] = openings(store, { create: true, signal }, { create: true });
    abort();
    await rejection(stopped, 'ABORTED');
    store.goOn();
    const fields = await opened;
    t.after(() => fields.close());

    store.waits = true;
    const second = controller();
    const [stoppedRefresh, refreshed] = [
      fields.refresh({ signal: second.signal }),
      fields.refresh(),
    ];
    second.abort();
    await rejection(stoppedRefresh, 'ABORTED');
    store.goOn();
    await refreshed;
  });

  it('gets keys that it asked to create, also if another began to open without that', async (t) => {
    const store = new SlowStore();
    store.waits = true;
    const [without, creating] = openings(store, {}, { create: true });
    store.goOn();
    await rejection(without, 'KEYSET_NOT_FOUND');
    const fields = await creating;
    t.after(() => fields.close());
    assert.equal(fields.keys('encryption').length, 1);
  });

  it('destroys nothing if the signal has fired', async (t) => {
    const store = new MemoryStore();
    const fields = await open(t, { store });
    const before = await store.load('acme');
    assert.notEqual(before, undefined);
    await rejection(fields.destroy({ signal: AbortSignal.abort() }), 'ABORTED');
    assert.deepEqual(await store.load('acme'), before);
    assert.equal(fields.closed, false);
    await fields.destroy();
    assert.equal(await store.load('acme'), undefined);
  });

  for (const days of [30, 49]) {
    it(`does not ask the store all the time if refreshMs is ${days} days`, async (t) => {
      const store = new MemoryStore();
      // A timer that is set for longer than Node.js counts fires after a millisecond, again and again.
      await open(t, { store, refreshMs: days * 24 * 60 * 60 * 1000 });
      const { load } = store.calls;
      await sleep(50);
      assert.equal(store.calls.load, load);
    });
  }

  it('reads as often as new keys ask for, after the tenant was created anew', async (t) => {
    const store = new MemoryStore();
    const old = await open(t, { store, refreshMs: 20 });
    const anew = new MemoryStore();
    const { refreshMs } = await open(t, { store: anew, refreshMs: 60_000 });
    store.set('acme', await anew.load('acme'));
    while (old.refreshMs !== refreshMs) await old.refresh();
    // The old interval may have begun once more.
    for (let before = -1, tries = 0; before !== store.calls.load; tries++) {
      assert.ok(tries < 20, 'it reads every 20 ms');
      before = store.calls.load;
      await sleep(100);
    }
  });

  it('is told that a folder has lost its keys', async (t) => {
    const made = folder(t);
    const store = new FolderKeysetStore(made);
    await store.save('acme', Buffer.from('keys'), { version: 1, previousVersion: 0 });
    const [file] = fs.readdirSync(made, { recursive: true }).filter((name) => /keys$/.test(name));
    fs.truncateSync(path.join(made, file));
    const error = await rejection(store.load('acme'), 'KEYSET_STORE');
    assert.match(error.message, /is empty/);
  });
});

function controller() {
  const made = new AbortController();
  return { signal: made.signal, abort: () => made.abort() };
}
