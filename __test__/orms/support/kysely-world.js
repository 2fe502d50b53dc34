'use strict';

const { encryptedTables } = require('../../../integrations/kysely');

/** The encrypted columns of the tables of the tests. */
function declarations(dialect) {
  return {
    users: {
      email: { type: 'text', index: { normalize: ['trim', 'lowercase'] } },
      phone: { type: 'text' },
      age: { type: 'integer' },
      balance: { type: 'bigint' },
      score: { type: 'number' },
      active: { type: 'boolean' },
      born: { type: 'date' },
      profile: { type: 'json' },
      photo: { type: 'bytes', storage: dialect === 'postgresql' ? 'bytea' : 'blob' },
    },
    notes: { body: { type: 'text', index: {} } },
  };
}

/** The language of Kysely. */
async function connect({ database, fields, log }) {
  const { Kysely } = require('kysely');
  const another = (plugins) =>
    new Kysely({
      dialect: dialectOf(database),
      plugins,
      log: ({ query }) => log(`${query.sql} ${query.parameters.map(String)}`),
    });
  const plugin = encryptedTables(declarations(database.dialect));
  const db = another([plugin]);
  plugin.open({ fields });
  return {
    db,
    fields,
    plugin,
    database,
    another,
    ...worldOf(db, database),
    transaction: (work) => db.transaction().execute((inside) => work(worldOf(inside, database))),
    close: () => db.destroy(),
    async createUnopened(user) {
      const unopened = another([encryptedTables(declarations(database.dialect))]);
      await worldOf(unopened, database)
        .create(user)
        .finally(() => unopened.destroy());
    },
  };
}

function dialectOf(database) {
  const { PostgresDialect, SqliteDialect } = require('kysely');
  if (database.dialect === 'postgresql') {
    const { Pool } = require('pg');
    return new PostgresDialect({ pool: new Pool({ connectionString: database.url }) });
  }
  const Database = require('libsql');
  return new SqliteDialect({ database: new Database(database.file) });
}

function worldOf(db, { dialect }) {
  const { jsonArrayFrom, jsonObjectFrom } = require(
    `kysely/helpers/${dialect === 'postgresql' ? 'postgres' : 'sqlite'}`,
  );
  const users = () => db.selectFrom('users').selectAll();
  const where = (...condition) =>
    users()
      .where(...condition)
      .execute();
  const update = (email, patch) =>
    db.updateTable('users').set(patch).where('email', '=', email).execute();
  return {
    create: async (user) => db.insertInto('users').values(user).execute(),
    createMany: (list) => db.insertInto('users').values(list).execute(),
    byEmail: (email) => users().where('email', '=', email).executeTakeFirst(),
    byEmails: (emails) => where('email', 'in', emails),
    byNotEmail: (email) => where('email', '!=', email),
    withoutEmail: () => where('email', 'is', null),
    withEmail: () => where('email', 'is not', null),
    searchesForNull: (email) => [
      () => where('email', '=', null),
      () => where('email', '!=', null),
      () => where('email', 'in', [null, email]),
      () => where('email', 'not in', [null, email]),
      () => db.deleteFrom('users').where('email', '<>', null).execute(),
    ],
    async countByEmail(email) {
      const count = db.selectFrom('users').select(({ fn }) => fn.count('email').as('count'));
      return Number((await count.where('email', '=', email).executeTakeFirst()).count);
    },
    all: async () => users().orderBy('id').execute(),
    updateWhere: update,
    rename: (email, name) => update(email, { name }),
    async upsert(user) {
      const { email: _, ...set } = user;
      await db
        .insertInto('users')
        .values(user)
        .onConflict((conflict) => conflict.column('emailIndex').doUpdateSet(set))
        .execute();
    },
    async createWithNotes(user, bodies) {
      const { id } = await db.insertInto('users').values(user).returning('id').executeTakeFirst();
      const list = bodies.map((body) => ({ body, authorId: id }));
      await db.insertInto('notes').values(list).execute();
    },
    withNotes: (email) =>
      users()
        .select((eb) =>
          jsonArrayFrom(
            eb.selectFrom('notes').select(['id', 'body']).whereRef('authorId', '=', 'users.id'),
          ).as('notes'),
        )
        .where('email', '=', email)
        .executeTakeFirst(),
    noteWithAuthor: (body) =>
      db
        .selectFrom('notes')
        .select((eb) => [
          'notes.body',
          jsonObjectFrom(
            eb.selectFrom('users').select(['id', 'email']).whereRef('id', '=', 'notes.authorId'),
          ).as('author'),
        ])
        .where('body', '=', body)
        .executeTakeFirst(),
    async notesOf(email) {
      const rows = await db
        .selectFrom('notes')
        .innerJoin('users', 'users.id', 'notes.authorId')
        .select('body')
        .where('email', '=', email)
        .orderBy('notes.id')
        .execute();
      return rows.map(({ body }) => body);
    },
    deleteWhere: (email) => db.deleteFrom('users').where('email', '=', email).execute(),
    orderByEmail: async () => users().orderBy('email').execute(),
    likeEmail: async (part) => where('email', 'like', `%${part}%`),
    greaterEmail: async (email) => where('email', '>', email),
    byPhone: async (phone) => where('phone', '=', phone),
  };
}

module.exports = { connect, declarations };
