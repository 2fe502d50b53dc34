'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { EnvelopeError, Fields } = require('../..');
const { MemoryStore, envelope, open } = require('../support/fields');

const COLUMN = { table: 'users', column: 'email', type: 'text' };

function rejected(code, promise) {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.equal(error.code, `ERR_ENVELOPE_${code}`);
    return true;
  });
}

describe('the keys of a tenant', () => {
  it('are made only if that is asked for', async (t) => {
    const store = new MemoryStore();
    const missing = Fields.open({ envelope: envelope(), store, tenant: 'acme' });
    await rejected('KEYSET_NOT_FOUND', missing);
    const fields = await open(t, { store });
    assert.deepEqual(
      fields.keys().map(({ purpose, type, primary }) => [purpose, type, primary]),
      [
        ['encryption', 'AesGcmKey', true],
        ['deterministic', 'AesSivKey', true],
        ['index', 'HmacPrfKey', true],
      ],
    );
  });

  it('are loaded once for all who open them', async (t) => {
    const given = { envelope: envelope(), store: new MemoryStore() };
    await (await open(t, given)).close();
    given.store.calls.load = 0;
    const all = await Promise.all(Array.from({ length: 20 }, () => open(t, given)));
    assert.equal(new Set(all).size, 1);
    assert.equal(given.store.calls.load, 1);
  });

  it('are loaded once, though those that were opened before are closed a second time', async (t) => {
    const given = { envelope: envelope(), store: new MemoryStore() };
    const before = await open(t, given);
    before.close();
    const fields = await open(t, given);
    before.close();
    assert.equal(await open(t, given), fields);
    fields.close();
    assert.notEqual(await open(t, given), fields);
  });

  it('are the same for all who create them at once: those that were stored first', async (t) => {
    const store = new MemoryStore();
    const all = await Promise.all(
      Array.from({ length: 5 }, () => open(t, { store, envelope: envelope() })),
    );
    const sealed = all.map((fields) => fields.column(COLUMN).encrypt('ada'));
    for (const fields of all) {
      for (const value of sealed) assert.equal(fields.column(COLUMN).decrypt(value), 'ada');
    }
  });

  it('are stored encrypted, bound to their tenant and version', async (t) => {
    const store = new MemoryStore();
    const given = { store, envelope: envelope() };
    await open(t, given);
    const stored = await store.load('acme');
    store.set('other', stored);
    await rejected('CONTEXT_MISMATCH', open(t, { ...given, tenant: 'other' }));
    store.set('third', { ...stored, version: stored.version + 1 });
    await rejected('CONTEXT_MISMATCH', open(t, { ...given, tenant: 'third' }));
    store.set('fourth', { ...stored, version: 0 });
    await rejected('KEYSET_STORE', open(t, { ...given, tenant: 'fourth' }));
    await rejected('NO_USABLE_KEY', open(t, { store, envelope: envelope(2) }));
  });

  it('can be promoted, disabled and destroyed only when every process knows the step before', async (t) => {
    const fields = await open(t, { refreshMs: 300 });
    const first = fields.keys('encryption')[0].id;
    const second = await fields.addKey();
    await rejected('KEY_TOO_NEW', fields.promote(second));
    await sleep(750);
    await fields.promote(second);
    await rejected('KEY_TOO_NEW', fields.disable(first));
    await rejected('INVALID_ARGUMENT', fields.disable(second, { force: true }));
    await sleep(750);
    const column = fields.column(COLUMN);
    await fields.disable(first);
    await rejected('KEY_TOO_NEW', fields.destroyKey(first));
    await sleep(750);
    await fields.destroyKey(first);
    assert.deepEqual(
      fields.keys('encryption').map(({ id }) => id),
      [second],
    );
    assert.equal(column.decrypt(column.encrypt('ada')), 'ada');
  });

  it('rotate in two steps, and read what the old one wrote', async (t) => {
    const fields = await open(t, { refreshMs: 300 });
    const column = fields.column(COLUMN);
    const old = column.encrypt('old');
    const added = await fields.rotate();
    assert.equal(added.promoted, false);
    assert.ok(added.waitMs > 0);
    assert.equal((await fields.rotate()).keyId, added.keyId);
    await sleep(added.waitMs + 10);
    assert.deepEqual(await fields.rotate(), { keyId: added.keyId, promoted: true, waitMs: 0 });
    assert.equal(column.encrypt('new').readUInt32BE(1), added.keyId);
    assert.equal(column.decrypt(old), 'old');
  });

  it('are read again by other processes, and at once where a value needs it', async (t) => {
    const store = new MemoryStore();
    // Two envelopes share nothing in this process, as two processes would.
    const [a, b] = [
      await open(t, { store, envelope: envelope(), refreshMs: 3_600_000 }),
      await open(t, { store, envelope: envelope() }),
    ];
    const keyId = await a.addKey();
    await a.promote(keyId, { force: true });
    const sealed = a.column(COLUMN).encrypt('ada');
    const column = b.column(COLUMN);
    assert.throws(() => column.decrypt(sealed), {
      code: 'ERR_ENVELOPE_NO_USABLE_KEY',
      retryable: true,
    });
    await sleep(50);
    assert.equal(column.decrypt(sealed), 'ada');
  });

  it('are loaded at most once a second for values with unknown key ids', async (t) => {
    const store = new MemoryStore();
    const fields = await open(t, { store, refreshMs: 3_600_000 });
    const column = fields.column(COLUMN);
    const foreign = Buffer.concat([Buffer.from([1, 9, 9, 9, 9]), Buffer.alloc(40)]);
    const before = store.calls.load;
    for (let i = 0; i < 50; i++) {
      assert.throws(() => column.decrypt(foreign), EnvelopeError);
      await sleep(1);
    }
    assert.ok(store.calls.load - before <= 2, `${store.calls.load - before} reads`);
  });

  it('are changed by one process at a time; another gets KEYSET_CONFLICT', async (t) => {
    const store = new MemoryStore();
    const [a, b] = [
      await open(t, { store, envelope: envelope() }),
      await open(t, { store, envelope: envelope() }),
    ];
    const outcomes = await Promise.allSettled([a.addKey(), b.addKey()]);
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    assert.ok(failed.length <= 1);
    for (const { reason } of failed) assert.equal(reason.code, 'ERR_ENVELOPE_KEYSET_CONFLICT');
    await a.refresh();
    assert.equal(a.keys('encryption').length, 1 + (2 - failed.length));
  });

  it('are destroyed with the tenant: no value can be read any more', async (t) => {
    const store = new MemoryStore();
    const [a, b] = [
      await open(t, { store, envelope: envelope() }),
      await open(t, { store, envelope: envelope() }),
    ];
    const column = a.column(COLUMN);
    const sealed = column.encrypt('ada');
    await a.destroy();
    assert.throws(() => column.decrypt(sealed), { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
    await rejected('KEYSET_NOT_FOUND', b.refresh());
    assert.throws(() => b.column(COLUMN), { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
    const again = await open(t, { store, envelope: envelope() });
    assert.throws(() => again.column(COLUMN).decrypt(sealed), EnvelopeError);
  });

  it('are the new ones in every process after the tenant was destroyed and created anew', async (t) => {
    for (const changes of [0, 1]) {
      const store = new MemoryStore();
      const asleep = await open(t, { store, envelope: envelope(), refreshMs: 3_600_000 });
      for (let i = 0; i < changes; i++) await asleep.addKey();
      const lost = asleep.column(COLUMN).encrypt('lost');
      const destroyer = await open(t, { store, envelope: envelope() });
      await destroyer.destroy();
      const anew = await open(t, { store, envelope: envelope() });
      const sealed = anew.column(COLUMN).encrypt('ada');

      const keyId = await asleep.addKey();
      assert.equal(asleep.column(COLUMN).decrypt(sealed), 'ada');
      assert.throws(() => asleep.column(COLUMN).decrypt(lost), EnvelopeError);
      await anew.refresh();
      const [first] = anew.keys('encryption');
      assert.deepEqual(
        anew.keys('encryption').map(({ id }) => id),
        [first.id, keyId],
      );
      assert.equal(anew.column(COLUMN).decrypt(sealed), 'ada');
      assert.equal(anew.column(COLUMN).decrypt(asleep.column(COLUMN).encrypt('bob')), 'bob');
    }
  });

  it('are never stored over new ones by a change that began before the tenant was destroyed', async (t) => {
    const store = new MemoryStore();
    const slow = await open(t, { store, envelope: envelope() });
    const { save } = store;
    store.save = async (...args) => {
      store.save = save;
      await store.remove('acme');
      const anew = await open(t, { store, envelope: envelope() });
      assert.ok(anew.keys().length > 0);
      return store.save(...args);
    };
    await rejected('KEYSET_CONFLICT', slow.addKey());
    const stored = await store.load('acme');
    await slow.refresh();
    const again = await open(t, { store, envelope: envelope() });
    assert.equal((await store.load('acme')).version, stored.version);
    assert.deepEqual(slow.keys('encryption')[0].id, again.keys('encryption')[0].id);
  });

  it('encrypt at most maxEncryptionsPerKey values in a process, counted on after a change', async (t) => {
    const fields = await open(t, { maxEncryptionsPerKey: 3 });
    const column = fields.column(COLUMN);
    column.encrypt('a');
    await fields.addKey();
    column.encryptMany(['b', 'c']);
    assert.equal(fields.keys('encryption')[0].encrypted, 3);
    assert.throws(() => column.encrypt('d'), { code: 'ERR_ENVELOPE_LIMIT_EXCEEDED' });
    assert.throws(() => column.encryptMany(['d']), { code: 'ERR_ENVELOPE_LIMIT_EXCEEDED' });
    await fields.promote(fields.keys('encryption')[1].id, { force: true });
    column.encrypt('d');
  });

  it('do not keep the process alive, and close with `using`', async (t) => {
    const fields = await open(t);
    fields[Symbol.dispose]();
    assert.equal(fields.closed, true);
    await rejected('INVALID_ARGUMENT', fields.refresh());
    await rejected('INVALID_ARGUMENT', fields.addKey());
  });

  it('are refused with KEYSET_STORE if the store fails, and without a store', async (t) => {
    const failing = (method) => ({
      load: async () => undefined,
      save: async () => true,
      remove: async () => {},
      [method]: async () => {
        throw new Error('no connection \u001b[31m');
      },
    });
    for (const method of ['load', 'save']) {
      const failed = open(t, { store: failing(method) });
      await assert.rejects(failed, (error) => {
        assert.equal(error.code, 'ERR_ENVELOPE_KEYSET_STORE');
        assert.match(error.cause.message, /no connection/);
        assert.doesNotMatch(error.cause.message, /\u001b/);
        return true;
      });
    }
    for (const store of [undefined, {}, { load() {} }, 5, new Map()]) {
      await rejected('INVALID_ARGUMENT', Fields.open({ envelope: envelope(), store, tenant: 'a' }));
    }
    const lies = { load: async () => ({ data: 'x', version: 1 }), save() {}, remove() {} };
    await assert.rejects(open(t, { store: lies }), EnvelopeError);
  });
});
