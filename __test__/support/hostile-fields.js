'use strict';

const assert = require('node:assert/strict');

const api = require('../..');
const { temporaryFolder } = require('./files');
const { bytesOf } = require('./hostile-results');

const { DynamoDbKeysetStore, Fields, FolderKeysetStore, Keyset, SqlKeysetStore } = api;
const folder = temporaryFolder();
const STEP = { force: () => true, signal: () => undefined };
const COLUMN = { table: () => 't', column: () => 'c', type: () => 'text' };
const right = (options) =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value()]));

/**
 * Calls of fields and keysets, some of whose arguments are hostile.
 *
 * @param {(name: string, options: object, run: (...all: any[]) => unknown) => object} call
 * @param {InstanceType<typeof api.Envelope>} envelope
 */
function fieldCalls(call, envelope) {
  const store = new FolderKeysetStore(folder);
  const openOptions = {
    envelope: () => envelope,
    store: () => store,
    tenant: () => 'acme',
    create: () => true,
    keyType: () => 'AES256_GCM',
    refreshMs: () => 60_000,
    maxEncryptionsPerKey: () => 2 ** 28,
    signal: () => undefined,
  };
  const opened = () => Fields.open(right(openOptions));
  const column = async (options = {}) => (await opened()).column({ ...right(COLUMN), ...options });
  const keyset = Keyset.generate('AES256_GCM');
  const siv = Keyset.generate('AES256_SIV');
  const prf = Keyset.generate('HMAC_SHA256_PRF');
  const rows = [{ version: 1, data: Buffer.of(1) }];
  const sql = new SqlKeysetStore({ query: () => rows, dialect: 'sqlite' });
  const commands = { GetItemCommand: Object, PutItemCommand: Object, DeleteItemCommand: Object };
  const client = { send: async () => ({}) };
  const dynamo = new DynamoDbKeysetStore({ client, commands, tableName: 'keys' });

  return [
    call('Fields.open', openOptions, async (options) => void (await Fields.open(options))),
    call('Fields', {}, (_, [it]) => void new Fields(it())),
    call(
      'Fields.column',
      { ...COLUMN, encoding: () => 'hex', deterministic: () => false },
      async (options) => {
        const created = (await opened()).column(options);
        assert.equal(created.decrypt(created.encrypt(null)), null);
      },
    ),
    call('Fields.column', { bits: () => 16, normalize: () => 'nfkc' }, async (index) => {
      (await column({ index })).index('a');
    }),
    call('Fields.column', { ...COLUMN, index: () => ({}) }, async (options) => {
      (await opened()).column(options).index('a');
    }),
    call('Fields.column', { ...COLUMN, indexes: () => ({ a: {} }) }, async (options) => {
      (await opened()).column(options).indexes('a');
    }),
    call('Fields.column', { row: () => 5, encoding: () => 'buffer' }, async (options) => {
      const names = await column();
      assert.equal(names.decrypt(names.encrypt('ada', options), options), 'ada');
    }),
    call('Fields.column', { rows: () => [1], encoding: () => 'buffer' }, async (options) => {
      const names = await column();
      assert.deepEqual(names.decryptMany(names.encryptMany(['ada'], options), options), ['ada']);
    }),
    call('Fields.column', { name: () => 'a', keyId: () => undefined }, async (options) => {
      (await column({ indexes: { a: {} } })).index('ada', options);
    }),
    call('Fields.column', { name: () => 'a', encoding: () => 'hex' }, async (options) => {
      (await column({ indexes: { a: {} } })).indexes('ada', options);
    }),
    ...['text', 'bytes', 'boolean', 'integer', 'bigint', 'number', 'json', 'date'].map((type) =>
      call('Fields.column', {}, async (_, [it, other]) => {
        const values = await column({ type, index: {} });
        const sealed = values.encrypt(it());
        if (sealed !== null) values.decrypt(sealed);
        values.index(other());
      }),
    ),
    call('Fields.column', {}, async (_, [it]) => void (await column()).decrypt(it())),
    call('Fields.column', {}, async (_, [it]) => void (await column()).encryptMany(it())),
    call('Fields.column', {}, async (_, [it]) => void (await column()).decryptMany([it()])),
    call('Fields.keys', {}, async (_, [it]) => void (await opened()).keys(it())),
    call('Fields.keyset', {}, async (_, [it]) => void (await opened()).keyset(it())),
    call('Fields.tenant', {}, async () => void (await opened()).tenant),
    call('Fields.refreshMs', {}, async () => void (await opened()).refreshMs),
    call('Fields.closed', {}, async () => void (await opened()).closed),
    call('Fields.addKey', { type: () => 'x', signal: () => undefined }, async (options, [, it]) => {
      await (await opened()).addKey(it(), options);
    }),
    ...['promote', 'enable', 'disable', 'destroyKey'].map((step) =>
      call(`Fields.${step}`, STEP, async (options, [, it]) => {
        await (await opened())[step](it(), options);
      }),
    ),
    call('Fields.rotate', { signal: () => undefined }, async (options, [, it]) => {
      await (await opened()).rotate(it(), options);
    }),
    call('Fields.refresh', { signal: () => undefined }, async (options) => {
      await (await opened()).refresh(options);
    }),
    call('Fields.destroy', { signal: () => undefined }, async (options) => {
      await (await opened()).destroy(options);
    }),
    call('Fields.close', {}, async (_, [it]) => (await opened()).close(it())),

    call('Keyset', {}, (_, [it, other]) => void new Keyset(it(), other())),
    call('Keyset.generate', {}, (_, [it]) => void Keyset.generate(it())),
    call(
      'Keyset.import',
      {
        from: () => 'tink-encrypted-json',
        keyring: () => keyset,
        associatedData: () => 'a',
        signal: () => undefined,
      },
      async (options, [, , it], next) => {
        const bound = { to: 'tink-encrypted-json', keyring: keyset, associatedData: 'a' };
        const exported = await siv.export(bound);
        await Keyset.import(next() % 2 ? exported : it(), options);
      },
    ),
    call(
      'Keyset.export',
      { to: () => 'tink-json', keyring: () => undefined, associatedData: () => 'a' },
      (options) => keyset.export(options),
    ),
    ...['encrypt', 'encryptDeterministic'].map((name) =>
      call(`Keyset.${name}`, {}, (_, [it, aad]) => {
        const [used, back] =
          name === 'encrypt' ? [keyset, 'decrypt'] : [siv, 'decryptDeterministic'];
        const [plaintext, bound] = [it(), aad()];
        const expected = bytesOf(plaintext);
        const sealed = used[name](plaintext, bound);
        assert.ok(expected.equals(used[back](sealed, bound)));
      }),
    ),
    call('Keyset.decrypt', {}, (_, [it, aad]) => void keyset.decrypt(it(), aad())),
    call('Keyset.decryptDeterministic', {}, (_, [it]) => void siv.decryptDeterministic(it())),
    call('Keyset.prf', { keyId: () => undefined }, (options, [, it, length], next) => {
      prf.prf(it(), next() % 2 ? 16 : length(), options);
    }),
    ...['addKey', 'promote', 'enable', 'disable', 'destroyKey'].map((name) =>
      call(`Keyset.${name}`, {}, (_, [it]) => void Keyset.generate('AES256_SIV')[name](it())),
    ),
    call('Keyset.keys', {}, (_, [it]) => void keyset.keys(it())),
    call('Keyset.primitive', {}, () => assert.equal(keyset.primitive, 'aead')),
    call('Keyset.primaryKeyId', {}, () => assert.ok(keyset.primaryKeyId > 0)),

    ...Object.entries({
      FolderKeysetStore: store,
      SqlKeysetStore: sql,
      DynamoDbKeysetStore: dynamo,
    }).flatMap(([name, one]) => [
      call(`${name}.load`, {}, (_, [it]) => one.load(it())),
      call(`${name}.remove`, {}, (_, [it]) => one.remove(it())),
      call(
        `${name}.save`,
        { version: () => 1, previousVersion: () => 0 },
        (versions, [, it, data], next) =>
          one.save(next() % 2 ? 'b' : it(), next() % 2 ? Buffer.of(1) : data(), versions),
      ),
    ]),
    call('SqlKeysetStore.createTableSql', {}, () => assert.ok(sql.createTableSql)),
    call('FolderKeysetStore', {}, (_, [it]) => void new FolderKeysetStore(it())),
    call(
      'SqlKeysetStore',
      { query: () => () => rows, dialect: () => 'sqlite', table: () => 'keys' },
      (options) => void new SqlKeysetStore(options),
    ),
    call(
      'DynamoDbKeysetStore',
      { client: () => client, commands: () => commands, tableName: () => 'keys' },
      (options) => void new DynamoDbKeysetStore(options),
    ),
  ];
}

module.exports = { fieldCalls };
