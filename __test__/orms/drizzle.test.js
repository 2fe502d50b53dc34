'use strict';

const assert = require('node:assert/strict');

require('./support/peers');
const { encryptDrizzle } = require('../../integrations/drizzle');
const { thrown } = require('../support/rejects');
const { ADA, BOB, SEALED, attempt, refused } = require('./support/cases');
const { tablesFor } = require('./support/drizzle-tables');
const selections = require('./support/drizzle-selections');
const { suite } = require('./support/suite');

/** The language of Drizzle. */
async function connect({ database, fields, log }) {
  const schema = tablesFor(database.dialect);
  const { db, close } = open(database, schema, log);
  encryptDrizzle(db, { fields, schema });
  return {
    db,
    database,
    schema,
    fields,
    ...worldOf(db, schema),
    transaction: (work) => db.transaction((inside) => work(worldOf(inside, schema))),
    close,
    async createUnopened(user) {
      const others = tablesFor(database.dialect);
      const unopened = open(database, others, log);
      await worldOf(unopened.db, others).create(user).finally(unopened.close);
    },
  };
}

function open(database, schema, log) {
  const logger = { logQuery: (query, values) => log(`${query} ${values.map(String)}`) };
  if (database.dialect === 'postgresql') {
    const { Pool } = require('pg');
    const pool = new Pool({ connectionString: database.url });
    const db = require('drizzle-orm/node-postgres').drizzle(pool, { schema, logger });
    return { db, close: () => pool.end() };
  }
  const client = require('@libsql/client').createClient({ url: `file:${database.file}` });
  const db = require('drizzle-orm/libsql').drizzle(client, { schema, logger });
  return { db, close: async () => client.close() };
}

function worldOf(db, { users, notes }) {
  const { asc, eq, gt, inArray, isNotNull, isNull, like, ne, notInArray } = require('drizzle-orm');
  const find = (where) => db.select().from(users).where(where);
  return {
    create: async (user) => {
      await db.insert(users).values({ ...user });
    },
    createMany: async (list) => {
      await db.insert(users).values(list);
    },
    byEmail: async (email) => (await find(eq(users.email, email)))[0],
    byEmails: (emails) => find(inArray(users.email, emails)),
    byNotEmail: (email) => find(ne(users.email, email)),
    withoutEmail: () => find(isNull(users.email)),
    withEmail: () => find(isNotNull(users.email)),
    searchesForNull: (email) => [
      () => find(eq(users.email, null)),
      () => find(ne(users.email, null)),
      () => find(notInArray(users.email, [null, email])),
      () => db.delete(users).where(ne(users.email, null)),
    ],
    countByEmail: (email) => db.$count(users, eq(users.email, email)),
    all: async () => db.select().from(users).orderBy(asc(users.id)),
    updateWhere: async (email, patch) => {
      await db.update(users).set(patch).where(eq(users.email, email));
    },
    rename: async (email, name) => {
      await db.update(users).set({ name }).where(eq(users.email, email));
    },
    upsert: async (user) => {
      const { email: _, ...set } = user;
      const insert = db.insert(users).values(user);
      await insert.onConflictDoUpdate({ target: users.emailIndex, set });
    },
    async createWithNotes(user, bodies) {
      const [{ id }] = await db.insert(users).values(user).returning();
      await db.insert(notes).values(bodies.map((body) => ({ body, authorId: id })));
    },
    withNotes: (email) =>
      db.query.users.findFirst({ where: eq(users.email, email), with: { notes: true } }),
    noteWithAuthor: (body) =>
      db.query.notes.findFirst({ where: eq(notes.body, body), with: { author: true } }),
    async notesOf(email) {
      const rows = await db
        .select({ body: notes.body })
        .from(notes)
        .innerJoin(users, eq(users.id, notes.authorId))
        .where(eq(users.email, email))
        .orderBy(notes.id);
      return rows.map(({ body }) => body);
    },
    deleteWhere: async (email) => {
      await db.delete(users).where(eq(users.email, email));
    },
    orderByEmail: async () => db.select().from(users).orderBy(asc(users.email)),
    likeEmail: async (part) => find(like(users.email, `%${part}%`)),
    greaterEmail: async (email) => find(gt(users.email, email)),
    byPhone: async (phone) => find(eq(users.phone, phone)),
  };
}

suite('kms-envelope/drizzle', connect, {
  ...selections,
  'every way to order by an encrypted column is refused': async ({ db, schema: { users } }) => {
    const { desc, sql } = require('drizzle-orm');
    const rows = () => db.select().from(users);
    for (const by of [users.email, desc(users.email), sql`lower(${users.email})`]) {
      await refused(
        attempt(() => rows().orderBy(users.name, by)),
        /cannot order by it/,
      );
    }
    await refused(
      attempt(() => db.query.users.findMany({ orderBy: users.email })),
      /cannot order/,
    );
    const nested = { with: { notes: { orderBy: (note) => note.body } } };
    await refused(
      attempt(() => db.query.users.findMany(nested)),
      /cannot order/,
    );
    assert.deepEqual(await rows().orderBy(users.name).limit(1), []);
  },
  'every condition is either answered or refused, also in raw templates': async (world) => {
    const {
      db,
      schema: { users, notes },
    } = world;
    const {
      and,
      between,
      eq,
      ilike,
      inArray,
      isNull,
      not,
      notInArray,
      or,
      sql,
    } = require('drizzle-orm');
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
      { name: 'No', email: null },
    ]);
    const find = async (where) => {
      const rows = await db.select({ name: users.name }).from(users).where(where).orderBy(users.id);
      return rows.map(({ name }) => name);
    };
    assert.deepEqual(await find(or(eq(users.email, ADA), isNull(users.email))), ['Ada', 'No']);
    assert.deepEqual(await find(and(eq(users.email, ADA), eq(users.name, 'Bob'))), []);
    assert.deepEqual(await find(notInArray(users.email, [ADA])), ['Bob']);
    assert.deepEqual(await find(not(eq(users.email, ADA))), ['Bob']);
    assert.deepEqual(await find(sql`${users.email} = ${ADA}`), ['Ada']);
    const chosen = db.select({ id: users.id }).from(users).where(eq(users.email, BOB));
    assert.deepEqual(await find(inArray(users.id, chosen)), ['Bob']);
    for (const condition of [
      between(users.email, ADA, BOB),
      ilike(users.email, ADA),
      eq(users.email, users.phone),
      eq(users.email, sql.placeholder('email')),
      sql`lower(${users.email}) = ${'x'}`,
      sql`${'x'} = ${users.email}`,
      inArray(users.email, db.select({ body: notes.body }).from(notes)),
    ]) {
      await refused(
        attempt(() => find(condition)),
        /cannot answer/,
      );
    }
    await refused(
      attempt(() => find(eq(users.emailIndex, 'x'))),
      /search by email/,
    );
    await refused(
      attempt(() => db.select().from(users).leftJoin(notes, eq(notes.body, users.name))),
      /cannot answer/,
    );
  },
  'an alias of a table is searched and decrypted like the table': async (world) => {
    const {
      db,
      schema: { users },
    } = world;
    const { alias } = require(
      `drizzle-orm/${world.db.dialect.constructor.name.startsWith('Pg') ? 'pg' : 'sqlite'}-core`,
    );
    const { eq } = require('drizzle-orm');
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
    ]);
    const other = alias(users, 'other');
    const rows = await db.select({ email: other.email }).from(other).where(eq(other.email, BOB));
    assert.deepEqual(rows, [{ email: BOB }]);
  },
  'SQL, placeholders and rows of a query are refused as values': async (world) => {
    const {
      db,
      schema: { users },
    } = world;
    const { sql } = require('drizzle-orm');
    const values = { name: 'Ada', email: sql`'planted'` };
    await refused(
      attempt(() => db.insert(users).values(values)),
      /SQL expression/,
    );
    await refused(
      attempt(() => db.update(users).set({ email: sql`'planted'` })),
      /SQL expression/,
    );
    const later = { name: 'Ada', email: sql.placeholder('email') };
    await refused(
      attempt(() => db.insert(users).values(later)),
      /SQL expression/,
    );
    const copied = db.select().from(users);
    await refused(
      attempt(() => db.insert(users).select(copied)),
      /SQL expression/,
    );
    await refused(
      attempt(() => db.insert(users).values({ name: 'Ada', emailIndex: 'x' })),
      /blind index of email/,
    );
    assert.deepEqual(await world.sql('select * from users'), []);
  },
  'what is returned by an insert, an update or a delete is decrypted': async ({
    db,
    schema: { users },
    sql,
  }) => {
    const [made] = await db.insert(users).values({ name: 'Ada', email: ADA }).returning();
    assert.equal(made.email, ADA);
    const [changed] = await db.update(users).set({ email: BOB }).returning({ email: users.email });
    assert.equal(changed.email, BOB);
    assert.match((await sql('select email from users'))[0].email, SEALED);
    const prepared = db.delete(users).returning({ email: users.email }).prepare('gone');
    assert.deepEqual(await prepared.execute(), [{ email: BOB }]);
  },
  'a table whose index is missing, or that has other keys, is an error at the start': async (
    world,
  ) => {
    const { db, fields } = world;
    const { users } = tablesFor('sqlite');
    const columns = users[Symbol.for('drizzle:Columns')];
    const give =
      (schema, more = {}) =>
      () =>
        encryptDrizzle(db, { fields, schema, ...more });
    const refusal = (call) => thrown(call, 'INVALID_ARGUMENT').message;
    const { emailIndex } = columns;
    delete columns.emailIndex;
    assert.match(refusal(give({ users })), /no column encrypted\.index\("email"\)/);
    columns.emailIndex = emailIndex;
    give({ users })();
    assert.match(refusal(give({ users }, { fields: () => fields })), /has other keys already/);
    assert.match(refusal(give({})), /no table of the schema/);
    assert.match(
      refusal(() => encryptDrizzle({}, { fields, schema: { users } })),
      /database of Drizzle/,
    );
  },
});
