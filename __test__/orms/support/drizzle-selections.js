'use strict';

const assert = require('node:assert/strict');

const { encryptDrizzle, encryptedColumns } = require('../../../integrations/drizzle');
const { thrown } = require('../../support/rejects');
const { ADA, BOB, SEALED, attempt, refused } = require('./cases');

/** What the database would compute of ciphertexts, or give as one, and what sets a column by itself. */
module.exports = {
  'what the database would compute of ciphertexts is refused: functions, groups, DISTINCT, UNION':
    async (world) => {
      const {
        db,
        schema: { users },
      } = world;
      const { count, countDistinct, max, min, sql, sum } = require('drizzle-orm');
      const core = coreOf(world);
      await two(world);
      const select = (x) => db.select({ x }).from(users);
      const phones = () => db.select({ phone: users.phone }).from(users);
      for (const call of [
        () => select(max(users.email)),
        () => select(min(users.email)),
        () => select(sum(users.age)),
        () => select(countDistinct(users.email)),
        () => select(sql`lower(${users.email})`),
        () => select(sql`${users.email}`),
        () => select(sql`${users.email}`.as('x')),
        () => select(sql`(${db.select({ email: users.email }).from(users).limit(1)})`),
        () => db.query.users.findMany({ extras: { x: sql`lower(${users.email})`.as('x') } }),
        () =>
          db.query.users.findMany({
            with: { notes: { extras: (note) => ({ x: sql`upper(${note.body})`.as('x') }) } },
          }),
        () => db.delete(users).returning({ x: sql`lower(${users.email})` }),
        () => select(count()).groupBy(users.phone),
        () => select(count()).groupBy(sql`lower(${users.phone})`),
        () => db.selectDistinct({ phone: users.phone }).from(users),
        () => core.union(phones(), phones()),
        () => core.except(phones(), phones()),
        () => core.intersect(phones(), phones()),
      ]) {
        await refused(attempt(call), /cannot answer/);
      }
      if (world.database.dialect === 'postgresql') {
        const first = () => db.selectDistinctOn([users.phone], { id: users.id }).from(users);
        await refused(attempt(first), /DISTINCT ON/);
      }
      const order = sql`${users.email}`.mapWith(users.email).as('mail');
      await refused(
        attempt(() => select(order).orderBy(order)),
        /cannot order/,
      );
      assert.equal((await world.all()).length, 2);
    },
  'what is right of ciphertexts is still answered: counts, comparisons by the index, rows with their key':
    async (world) => {
      const {
        db,
        schema: { users, notes },
      } = world;
      const { count, eq, exists, sql } = require('drizzle-orm');
      const core = coreOf(world);
      await two(world);
      const [{ id }] = await db.select().from(users).where(eq(users.email, ADA));
      const select = async (x) => {
        const rows = await db.select({ x }).from(users).orderBy(users.id);
        return rows.map(({ x: value }) => value);
      };
      assert.deepEqual(await db.select({ n: count(users.phone) }).from(users), [{ n: 2 }]);
      const isAda = sql`case when ${users.email} = ${ADA} then 1 else 0 end`.mapWith(Number);
      assert.deepEqual(await select(isAda), [1, 0]);
      const isNull = sql`case when ${users.email} is null then 1 else 0 end`.mapWith(Number);
      assert.deepEqual(await select(isNull), [0, 0]);
      assert.deepEqual(await select(sql`${users.email}`.mapWith(users.email)), [ADA, BOB]);
      const first = db.select({ e: users.email }).from(users).orderBy(users.id).limit(1);
      assert.deepEqual(await select(sql`(${first})`.mapWith(users.email)), [ADA, ADA]);
      const some = sql`case when ${exists(db.select().from(users))} then 1 else 0 end`.mapWith(
        Number,
      );
      assert.deepEqual(await select(some), [1, 1]);
      const one = (email) => db.select().from(users).where(eq(users.email, email));
      assert.equal((await core.union(one(ADA), one(ADA))).length, 1);
      assert.equal((await core.unionAll(one(ADA), one(BOB))).length, 2);
      await db.insert(notes).values([
        { body: 'xyzzy 1', authorId: id },
        { body: 'xyzzy 2', authorId: id },
      ]);
      const columns = { id: users.id, email: users.email };
      const join = (query) => query.from(users).innerJoin(notes, eq(notes.authorId, users.id));
      assert.deepEqual(await join(db.selectDistinct(columns)), [{ id, email: ADA }]);
      const grouped = join(db.select({ ...columns, n: count() })).groupBy(users.id, users.email);
      assert.deepEqual(await grouped, [{ id, email: ADA, n: 2 }]);
      const found = await db.query.users.findFirst({
        where: eq(users.email, ADA),
        columns: { email: true },
        extras: (user) => ({ n: sql`length(${user.name})`.mapWith(Number).as('n') }),
        with: { notes: { columns: { body: true }, orderBy: (note, { asc }) => asc(note.id) } },
      });
      const bodies = [{ body: 'xyzzy 1' }, { body: 'xyzzy 2' }];
      assert.deepEqual(found, { email: ADA, n: 3, notes: bodies });
    },
  'SQL in a condition is refused whatever stands before it, and if it names the column in its text':
    async (world) => {
      const {
        db,
        schema: { users, notes },
      } = world;
      const { and, eq, inArray, sql } = require('drizzle-orm');
      await two(world);
      const find = (where) => db.select({ name: users.name }).from(users).where(where);
      const lower = sql`lower(${users.email}) = ${'xyzzy'}`;
      const ids = db.select({ id: notes.id }).from(notes).orderBy(notes.id).limit(5);
      for (const call of [
        () => find(sql`(select 1) = 1 and ${lower}`),
        () => find(and(inArray(users.id, ids), lower)),
        () => find(sql`${users.name} is distinct from ${'x'} and ${lower}`),
        () => find(sql`${users.name} <> ' limit ' and ${lower}`),
        () => find(sql`email = ${ADA}`),
        () => find(sql`"users"."EMAIL" = ${ADA}`),
        () => find(sql`${sql.identifier('email')} = ${ADA}`),
        () =>
          db
            .update(users)
            .set({ name: 'x' })
            .where(sql`email = ${ADA}`),
        () => db.delete(users).where(sql`lower(email) = ${ADA}`),
        () => db.query.users.findMany({ where: and(eq(users.name, 'x'), sql`email = ${ADA}`) }),
        () => find(undefined).orderBy(sql`email desc`),
        () => find(undefined).groupBy(sql`users.email`),
      ]) {
        await refused(attempt(call), /cannot (answer|order)/);
      }
      const names = async (where) => (await find(where)).map(({ name }) => name).sort();
      assert.deepEqual(await names(sql`email is not null and name <> 'email'`), ['Ada', 'Bob']);
      assert.deepEqual(await names(and(eq(users.email, ADA), sql`(name = ${'Ada'})`)), ['Ada']);
      const others = sql`${users.id} in (select id from users where phone is null order by name)`;
      assert.deepEqual(await names(others), []);
    },
  'a value that $defaultFn or $onUpdateFn makes is encrypted, with its index': async (world) => {
    const { db, fields } = world;
    const { eq, sql } = require('drizzle-orm');
    const { table, core } = tableOf(world);
    const encrypted = encryptedColumns(core.customType);
    let made = ADA;
    const make = () => made;
    const users = table('users', {
      id: core.integer().primaryKey(),
      name: core.text().$defaultFn(() => 'Ada'),
      email: encrypted('text', { index: {} }).$defaultFn(make),
      emailIndex: encrypted.index('email'),
      phone: encrypted('text').$onUpdateFn(make),
    });
    encryptDrizzle(db, { fields, schema: { users } });
    await db.insert(users).values({ id: 1 });
    const [{ email, phone }] = await world.sql('select email, phone from users');
    for (const stored of [email, phone]) assert.match(stored, SEALED);
    const find = (value) => db.select().from(users).where(eq(users.email, value));
    assert.equal((await find(ADA))[0].phone, ADA);
    made = BOB;
    await db.update(users).set({ name: 'Eve' });
    assert.equal((await find(ADA))[0].phone, BOB);
    await db.insert(users).values({ id: 2, email: 'eve@example.com' });
    assert.equal((await find('eve@example.com')).length, 1);
    made = sql`'planted'`;
    await refused(
      attempt(() => db.insert(users).values({ id: 3 })),
      /SQL expression/,
    );
    await refused(
      attempt(() => db.update(users).set({ name: 'Bob' })),
      /SQL expression/,
    );
    assert.equal((await world.sql('select id from users')).length, 2);
  },
  'an index is stored as its column is, and is bytes also in the JSON of a relation': async (
    world,
  ) => {
    const { db, fields } = world;
    const { table, core } = tableOf(world);
    const encrypted = encryptedColumns(core.customType);
    const bytes = core.pgTable ? 'bytea' : 'blob';
    const usersWith = (storage, ofIndex) =>
      table('users', {
        phone: encrypted('text', { index: {}, storage }),
        phoneIndex: encrypted.index('phone', ofIndex),
      });
    const open = (users) => () => encryptDrizzle(db, { fields, schema: { users } });
    const mixed = [usersWith(bytes), usersWith('text', { storage: bytes })];
    for (const users of mixed) {
      const { message } = thrown(open(users), 'INVALID_ARGUMENT');
      assert.match(message, /users\.phoneIndex needs the storage of "phone"/);
    }
    const users = usersWith(bytes, { storage: bytes });
    open(users)();
    assert.deepEqual(users.phoneIndex.mapFromDriverValue('\\x0a0b'), Buffer.from([10, 11]));
  },
  'a default of the database, and a second table with the column as a plain one, are errors at the start':
    async (world) => {
      const { db, fields } = world;
      const { table, core } = tableOf(world);
      const { sql } = require('drizzle-orm');
      const encrypted = encryptedColumns(core.customType);
      const refusal = (schema) =>
        thrown(() => encryptDrizzle(db, { fields, schema }), 'INVALID_ARGUMENT').message;
      for (const column of [
        encrypted('text').default('none'),
        encrypted('text').default(sql`'none'`),
        encrypted('text').generatedAlwaysAs(sql`'none'`),
      ]) {
        const users = table('users', { id: core.integer().primaryKey(), phone: column });
        assert.match(refusal({ users }), /users\.phone is encrypted, but the database sets it/);
      }
      const users = table('users', { phone: encrypted('text') });
      const plain = table('users', { tel: core.text('phone') });
      assert.match(refusal({ users, plain }), /users\.tel is encrypted in one table/);
    },
};

/** @param {any} world */
function coreOf({ database }) {
  return require(`drizzle-orm/${database.dialect === 'postgresql' ? 'pg' : 'sqlite'}-core`);
}

/** @param {any} world */
function tableOf(world) {
  const core = coreOf(world);
  return { core, table: core.pgTable ?? core.sqliteTable };
}

async function two(world) {
  await world.createMany([
    { name: 'Ada', email: ADA, phone: 'xyzzy' },
    { name: 'Bob', email: BOB, phone: 'xyzzy' },
  ]);
}
