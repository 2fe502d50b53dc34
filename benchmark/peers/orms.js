'use strict';

const { encryptDrizzle, encryptedColumns } = require('../../integrations/drizzle');
const { encryptedTables } = require('../../integrations/kysely');
const { encryptPrisma } = require('../../integrations/prisma');
const { encryptDataSource, encryptedColumn } = require('../../integrations/typeorm');
const { Envelope, Fields, RawAesKeyring } = require('../..');

const INDEX = { normalize: 'lowercase' };

/** Each ORM with a table `plain` and a table `encrypted`. @type {Record<string, (file: string) => Promise<any>>} */
const PARTIES = { typeorm, drizzle, prisma, kysely };

async function typeorm(file) {
  const { DataSource, EntitySchema } = require('typeorm');
  const id = { type: 'integer', primary: true, generated: true };
  const entity = (name, columns) =>
    new EntitySchema({ name, tableName: name, columns: { id, ...columns } });
  const entities = [
    entity('plain', { email: { type: 'text' }, emailIndex: { type: 'text', nullable: true } }),
    entity('encrypted', encryptedColumn('email', { type: 'text', index: INDEX })),
  ];
  const options = { type: 'better-sqlite3', driver: require('libsql'), database: file, entities };
  const dataSource = await new DataSource(options).initialize();
  encryptDataSource(dataSource, { fields: await openFields() });
  const side = (name) => {
    const rows = dataSource.getRepository(name);
    return {
      clear: () => rows.clear(),
      write: (list) => rows.insert(list),
      read: () => rows.find(),
      find: (email) => rows.findOneBy({ email }),
    };
  };
  return { ...sides(side), close: () => dataSource.destroy() };
}

async function drizzle(file) {
  const { eq } = require('drizzle-orm');
  const { customType, integer, sqliteTable, text } = require('drizzle-orm/sqlite-core');
  const encrypted = encryptedColumns(customType);
  const id = () => integer().primaryKey();
  const tables = {
    plain: sqliteTable('plain', { id: id(), email: text(), emailIndex: text() }),
    encrypted: sqliteTable('encrypted', {
      id: id(),
      email: encrypted('text', { index: INDEX }),
      emailIndex: encrypted.index('email'),
    }),
  };
  const client = require('@libsql/client').createClient({ url: `file:${file}` });
  const connect = () => require('drizzle-orm/libsql').drizzle(client);
  const fields = await openFields();
  const databases = {
    plain: connect(),
    encrypted: encryptDrizzle(connect(), { fields, schema: tables }),
  };
  const side = (name) => {
    const [db, table] = [databases[name], tables[name]];
    return {
      clear: () => db.delete(table),
      write: (list) => db.insert(table).values(list),
      read: () => db.select().from(table),
      find: (email) => db.select().from(table).where(eq(table.email, email)),
    };
  };
  return { ...sides(side), close: async () => client.close() };
}

async function prisma(file) {
  const { generatedClient } = require('../../__test__/orms/support/prisma-client');
  const { PrismaLibSql } = require('@prisma/adapter-libsql');
  const model = (name) =>
    `model ${name} {\n id Int @id @default(autoincrement())\n email String\n emailIndex String? @unique\n}\n`;
  const { PrismaClient } = generatedClient('sqlite', model('plain') + model('encrypted'));
  const connect = () => new PrismaClient({ adapter: new PrismaLibSql({ url: `file:${file}` }) });
  const [base, wrapped] = [connect(), connect()];
  const models = { encrypted: { email: { type: 'text', index: INDEX } } };
  const clients = {
    plain: base,
    encrypted: encryptPrisma(wrapped, { fields: await openFields(), models }),
  };
  const side = (name) => {
    const rows = clients[name][name];
    return {
      clear: () => rows.deleteMany(),
      write: (data) => rows.createMany({ data }),
      read: () => rows.findMany(),
      find: (email) => rows.findFirst({ where: { email } }),
    };
  };
  return {
    ...sides(side),
    close: () => Promise.all([base, wrapped].map((client) => client.$disconnect())),
  };
}

async function kysely(file) {
  const { Kysely, SqliteDialect } = require('kysely');
  const Database = require('libsql');
  const dialect = new SqliteDialect({ database: new Database(file) });
  const encryption = encryptedTables({ encrypted: { email: { type: 'text', index: INDEX } } });
  encryption.open({ fields: await openFields() });
  const plain = new Kysely({ dialect });
  const databases = { plain, encrypted: plain.withPlugin(encryption) };
  const side = (name) => {
    const rows = () => databases[name].selectFrom(name).selectAll();
    return {
      clear: () => databases[name].deleteFrom(name).execute(),
      write: (list) => databases[name].insertInto(name).values(list).execute(),
      read: () => rows().execute(),
      find: (email) => rows().where('email', '=', email).executeTakeFirst(),
    };
  };
  return { ...sides(side), close: () => plain.destroy() };
}

function sides(side) {
  return { plain: side('plain'), encrypted: side('encrypted') };
}

function openFields() {
  const keyring = new RawAesKeyring({
    keyNamespace: 'benchmark',
    keyName: 'key',
    wrappingKey: Buffer.alloc(32, 1),
  });
  const stored = new Map();
  const store = {
    load: async (tenant) => stored.get(tenant),
    save: async (tenant, data, { version }) => Boolean(stored.set(tenant, { data, version })),
    remove: async (tenant) => void stored.delete(tenant),
  };
  return Fields.open({ envelope: new Envelope({ keyring }), store, tenant: 'acme', create: true });
}

module.exports = { PARTIES };
