'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { DynamoDbKeysetStore, FolderKeysetStore, SqlKeysetStore } = require('../..');
const { envelope, folder, open } = require('../support/fields');
const { rejection } = require('../support/rejects');

const DATA = [Buffer.from('first'), Buffer.from('second'), Buffer.from('third')];

/** What every store must do. */
async function behaves(store, again) {
  assert.equal((await store.load('acme')) ?? undefined, undefined);
  assert.equal(await store.save('acme', DATA[0], { version: 1, previousVersion: 0 }), true);
  assert.equal(await store.save('acme', DATA[1], { version: 1, previousVersion: 0 }), false);
  assert.equal(await again.save('acme', DATA[1], { version: 2, previousVersion: 1 }), true);
  assert.equal(await store.save('acme', DATA[2], { version: 2, previousVersion: 1 }), false);
  const { data, version } = await store.load('acme');
  assert.deepEqual([Buffer.from(data), Number(version)], [DATA[1], 2]);
  assert.equal((await store.load('other')) ?? undefined, undefined);
  const many = Array.from({ length: 10 }, (_, i) =>
    [store, again][i % 2].save('acme', DATA[2], { version: 3, previousVersion: 2 }),
  );
  assert.equal((await Promise.all(many)).filter(Boolean).length, 1);
  await store.remove('acme');
  assert.equal((await again.load('acme')) ?? undefined, undefined);
  await createsOne(store, again);
}

/** First versions have numbers of their own: one of them is stored, and what was before is no more. */
async function createsOne(store, again) {
  const numbers = Array.from({ length: 10 }, (_, i) => 1000 - i);
  const first = (version, i) =>
    [store, again][i % 2].save('acme', DATA[0], { version, previousVersion: 0 });
  const saved = await Promise.all(numbers.map(first));
  assert.equal(saved.filter(Boolean).length, 1);
  assert.equal(Number((await store.load('acme')).version), numbers[saved.indexOf(true)]);
  assert.equal(await store.save('acme', DATA[1], { version: 4, previousVersion: 3 }), false);
  await again.remove('acme');
  assert.equal(await store.save('acme', DATA[1], { version: 4, previousVersion: 3 }), false);
  assert.equal((await store.load('acme')) ?? undefined, undefined);
}

async function holdsFields(t, store) {
  const fields = await open(t, { store, envelope: envelope() });
  const value = fields.column({ table: 't', column: 'c', type: 'text' }).encrypt('ada');
  await fields.addKey();
  const again = await open(t, { store, envelope: envelope() });
  assert.equal(again.column({ table: 't', column: 'c', type: 'text' }).decrypt(value), 'ada');
}

describe('a store of keys', () => {
  it('in a folder lets one of many save, and leaves no old keys behind', async (t) => {
    const made = folder(t);
    await behaves(new FolderKeysetStore(made), new FolderKeysetStore(made));
    await holdsFields(t, new FolderKeysetStore(made));
    const names = fs.readdirSync(made, { recursive: true });
    const found = names.map((name) => fs.statSync(path.join(made, name)));
    assert.equal(found.filter((stat) => stat.isDirectory()).length, 1);
    assert.equal(found.filter((stat) => stat.isFile() && stat.size > 0).length, 1);
    if (process.platform !== 'win32') for (const { mode } of found) assert.equal(mode & 0o77, 0);
  });

  it('in a folder stores no version of keys that are being removed', async (t) => {
    const store = new FolderKeysetStore(folder(t));
    for (let i = 0; i < 20; i++) {
      await store.save('acme', DATA[0], { version: 1, previousVersion: 0 });
      await Promise.all([
        store.remove('acme'),
        // What was removed under its hands may be an error, too.
        store.save('acme', DATA[1], { version: 2, previousVersion: 1 }).catch(() => {}),
      ]);
      assert.equal(await store.load('acme'), undefined);
    }
  });

  it('in a folder stores no version over keys that were created anew meanwhile', async (t) => {
    const store = new FolderKeysetStore(folder(t));
    await store.save('acme', DATA[0], { version: 8, previousVersion: 0 });
    const { link } = fs.promises;
    const linked = t.mock.method(fs.promises, 'link', async (...paths) => {
      linked.mock.restore();
      await store.remove('acme');
      await store.save('acme', DATA[1], { version: 1, previousVersion: 0 });
      return link(...paths);
    });
    assert.equal(await store.save('acme', DATA[2], { version: 9, previousVersion: 8 }), false);
    assert.deepEqual(await store.load('acme'), { data: DATA[1], version: 1 });
  });

  it('in a folder keeps tenants of any name apart, inside of the folder', async (t) => {
    const made = folder(t);
    const store = new FolderKeysetStore(made);
    // The last two have the same base64url but for the case of a letter.
    const tenants = ['..', '../x', 'a/b', 'A', 'a', 'ä', '.', 'a.1', 'x'.repeat(127), 'abc', 'abI'];
    for (const [i, tenant] of tenants.entries()) {
      await store.save(tenant, Buffer.from([i]), { version: 1, previousVersion: 0 });
    }
    for (const [i, tenant] of tenants.entries()) {
      assert.deepEqual((await store.load(tenant)).data, Buffer.from([i]));
    }
    const names = fs.readdirSync(made).map((name) => name.toLowerCase());
    assert.equal(new Set(names).size, tenants.length);
  });

  it('in a folder refuses a tenant whose name is too long for a file system', async (t) => {
    const store = new FolderKeysetStore(folder(t));
    for (const tenant of ['x'.repeat(128), 'ä'.repeat(64)]) {
      const error = await rejection(store.load(tenant), 'INVALID_ARGUMENT');
      assert.match(error.message, /at most 127 bytes, not 128/);
    }
  });

  it('in SQLite lets one of many save', async (t) => {
    const sqlite = await import('node:sqlite').catch(() => undefined);
    if (!sqlite) return t.skip('this version of Node.js has no SQLite');
    const database = new sqlite.DatabaseSync(':memory:');
    t.after(() => database.close());
    const query = (sql, parameters) => database.prepare(sql).all(...parameters);
    const store = () => new SqlKeysetStore({ query, dialect: 'sqlite' });
    database.exec(store().createTableSql);
    await behaves(store(), store());
    await holdsFields(t, store());
  });

  it('in PostgreSQL sends numbered parameters, and in each dialect refuses unsafe table names', async () => {
    const asked = [];
    const query = async (sql, parameters) => {
      asked.push([sql, parameters]);
      return { rows: [{ version: 2 }] };
    };
    const store = new SqlKeysetStore({ query, dialect: 'postgresql', table: 'app.keys' });
    assert.equal(await store.save('acme', DATA[0], { version: 2, previousVersion: 1 }), true);
    assert.equal(
      asked[0][0],
      'UPDATE app.keys SET version = $1, data = $2 WHERE tenant = $3 AND version = $4 ' +
        'RETURNING version',
    );
    assert.deepEqual(asked[0][1], [2, DATA[0], 'acme', 1]);
    for (const table of ['keys; DROP TABLE users', '"x"', 'a.b.c', '']) {
      const make = () => new SqlKeysetStore({ query, dialect: 'sqlite', table });
      assert.throws(make, { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
    }
  });

  it('in DynamoDB lets one of many save', async (t) => {
    const commands = fakeCommands();
    const client = fakeDynamo(commands);
    const store = () => new DynamoDbKeysetStore({ client, commands, tableName: 'keys' });
    await behaves(store(), store());
    await holdsFields(t, store());
  });
});

function fakeCommands() {
  const command = (name) =>
    class {
      constructor(input) {
        Object.assign(this, { name, input });
      }
    };
  return {
    GetItemCommand: command('get'),
    PutItemCommand: command('put'),
    DeleteItemCommand: command('delete'),
  };
}

/** A table that understands the two conditions that the store writes. */
function fakeDynamo() {
  const items = new Map();
  const send = async ({ name, input }) => {
    const tenant = (input.Key ?? input.Item).tenant.S;
    const item = items.get(tenant);
    if (name === 'get') return { Item: item };
    if (name === 'delete') return items.delete(tenant) && {};
    const { ExpressionAttributeValues: values } = input;
    const holds = values ? item?.version.N === values[':previous'].N : !item;
    if (!holds) {
      throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });
    }
    items.set(tenant, input.Item);
    return {};
  };
  return { send };
}
