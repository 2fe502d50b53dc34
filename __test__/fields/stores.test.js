'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, it } = require('node:test');
const { DynamoDbKeysetStore, FolderKeysetStore, SqlKeysetStore } = require('../..');
const { envelope, folder, open } = require('../support/fields');

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
    const sizes = fs.readdirSync(made).map((name) => fs.statSync(`${made}/${name}`).size);
    assert.deepEqual(sizes.filter((size) => size > 0).length, 1);
    const [file] = fs.readdirSync(made);
    if (process.platform !== 'win32') assert.equal(fs.statSync(`${made}/${file}`).mode & 0o77, 0);
  });

  it('in a folder keeps tenants of any name apart, inside of the folder', async (t) => {
    const made = folder(t);
    const store = new FolderKeysetStore(made);
    const tenants = ['..', '../x', 'a/b', 'A', 'a', 'ä', '.', 'a.1'];
    for (const [i, tenant] of tenants.entries()) {
      await store.save(tenant, Buffer.from([i]), { version: 1, previousVersion: 0 });
    }
    for (const [i, tenant] of tenants.entries()) {
      assert.deepEqual((await store.load(tenant)).data, Buffer.from([i]));
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
