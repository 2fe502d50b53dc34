'use strict';

const assert = require('node:assert/strict');

const { ADA, BOB, attempt, refused } = require('./cases');

/** What would be written in the clear, or read as a ciphertext, if the plugin let it pass. */
module.exports = {
  'a query in WITH that is named like a declared table is refused': async ({ db }) => {
    const shadowed = db.with('users', (qb) => qb.selectFrom('notes').select('id'));
    const values = { name: 'Ada', phone: 'xyzzy' };
    for (const call of [
      () => shadowed.insertInto('users').values(values).execute(),
      () => shadowed.updateTable('users').set(values).execute(),
      () => shadowed.updateTable('public.users').set(values).execute(),
      () => shadowed.deleteFrom('users').where('phone', '=', 'xyzzy').execute(),
      () => shadowed.selectFrom('users').selectAll().execute(),
      () => {
        const inner = shadowed.with('i', (qb) => qb.insertInto('users').values(values));
        return inner.selectFrom('i').selectAll().execute();
      },
      () => {
        const merge = shadowed.mergeInto('users').using('notes', 'notes.id', 'users.id');
        return merge.whenMatched().thenUpdateSet(values).execute();
      },
    ]) {
      await refused(attempt(call), /users is a table .* name of its own/);
    }
  },
  'an update names its columns plainly, not in SQL': async ({ db, sql: stored }) => {
    const { sql } = require('kysely');
    await db.insertInto('users').values({ id: 1, name: 'Ada', email: ADA }).execute();
    const before = await stored('select * from users');
    for (const column of [
      sql.ref('phone'),
      sql.ref('users.phone'),
      sql.id('phone'),
      sql`phone`,
      (eb) => eb.ref('profile', '->$').key('diagnosis'),
    ]) {
      const update = () => db.updateTable('users').set(column, 'xyzzy').execute();
      await refused(attempt(update), /column in SQL is users\.email/);
    }
    assert.deepEqual(await stored('select * from users'), before);
    await db.updateTable('notes').set('authorId', 1).execute();
  },
  'a table with encrypted columns is given by its name, not in SQL': async (world) => {
    const { db } = world;
    const { sql } = require('kysely');
    await db.insertInto('users').values({ id: 1, name: 'Ada', email: ADA }).execute();
    const before = await world.sql('select * from users');
    for (const table of [
      sql.table('users'),
      sql.id('users'),
      sql.raw('users'),
      sql`users`,
      sql`"Users"`,
      sql`${sql.table('users')}`,
      sql`(select * from users)`,
    ]) {
      for (const call of [
        () => db.updateTable(table.as('u')).set({ phone: 'xyzzy' }).execute(),
        () => db.selectFrom(table.as('u')).selectAll().execute(),
        () => db.deleteFrom(table.as('u')).where('u.phone', '=', 'xyzzy').execute(),
        () => db.selectFrom('notes').innerJoin(table.as('u'), 'u.id', 'notes.id').execute(),
      ]) {
        await refused(attempt(call), /users has encrypted columns, and is not followed/);
      }
    }
    const raw = () =>
      db
        .with('c', () => sql`select * from users`)
        .selectFrom('c')
        .selectAll();
    await refused(
      attempt(() => raw().execute()),
      /users has encrypted columns, and is not followed/,
    );
    assert.deepEqual(await world.sql('select * from users'), before);
    const others = db.selectFrom(sql`(select 1 as one)`.as('users')).select('one');
    assert.deepEqual(await others.execute(), [{ one: 1 }]);
  },
  'parts of a statement that are encrypted already are not encrypted again': async (world) => {
    const { database } = world;
    const isPostgres = database.dialect === 'postgresql';
    const db = world.db.withSchema(isPostgres ? 'public' : 'main');
    await db.insertInto('users').values({ id: 1, name: 'Ada', email: ADA, phone: 'x' }).execute();
    const ids = db.selectFrom('users').select('id').where('email', '=', ADA);
    const found = db.selectFrom('users').select('phone').where('id', 'in', ids);
    assert.deepEqual(await found.execute(), [{ phone: 'x' }]);
    const byHand = db.selectFrom('users').select('id').where('emailIndex', 'in', ['x']);
    await refused(
      attempt(() => byHand.execute()),
      /is the blind index/,
    );
    if (!isPostgres) return;
    const list = [
      { id: 2, name: 'Bob', email: BOB, phone: 'xyzzy' },
      { id: 3, name: 'No', phone: null },
    ];
    const insert = () => db.insertInto('users').values(list).returning('email');
    const made = db.with('i', insert).selectFrom('i').selectAll();
    assert.deepEqual(await made.execute(), [{ email: BOB }, { email: null }]);
    const set = { email: 'eve@example.com', phone: 'new' };
    const update = () => db.updateTable('users').set(set).where('email', '=', BOB).returning('id');
    assert.deepEqual(await db.with('u', update).selectFrom('u').selectAll().execute(), [{ id: 2 }]);
    const all = db.selectFrom('users').select(['email', 'phone']).orderBy('id');
    assert.deepEqual(await all.execute(), [
      { email: ADA, phone: 'x' },
      set,
      { email: null, phone: null },
    ]);
    assert.equal((await world.byEmail('eve@example.com')).name, 'Bob');
  },
  'an update of several tables is refused, if one has encrypted columns': async ({ plugin }) => {
    const kysely = require('kysely');
    const db = new kysely.Kysely({
      dialect: {
        createAdapter: () => new kysely.MysqlAdapter(),
        createDriver: () => new kysely.DummyDriver(),
        createIntrospector: (of) => new kysely.MysqlIntrospector(of),
        createQueryCompiler: () => new kysely.MysqlQueryCompiler(),
      },
      plugins: [plugin],
    });
    for (const tables of [
      ['plain', 'users'],
      ['users', 'plain'],
      ['plain as p', 'users as u'],
    ]) {
      const update = () => db.updateTable(tables).set({ phone: 'xyzzy' }).execute();
      await refused(attempt(update), /update of several tables/);
    }
    const others = db.updateTable(['plain', 'other']).set({ phone: '1' }).compile();
    assert.match(others.sql, /^update `plain`, `other` set/);
  },
  'explain gives the plan of a statement': async ({ db }) => {
    const query = db.selectFrom('users').selectAll().where('email', '=', ADA);
    const update = db.updateTable('users').set({ phone: 'x' }).returningAll();
    for (const statement of [query, update]) {
      const plan = await statement.explain();
      assert.ok(plan.length > 0 && !('email' in plan[0]), Object.keys(plan[0]).join());
    }
  },
  'the alias of an encrypted column, and its place in the result, are refused': async ({ db }) => {
    const { sql } = require('kysely');
    const rows = () => db.selectFrom('users').select(['id', 'name', 'email as mail']);
    for (const call of [
      () => rows().orderBy('mail').execute(),
      () => rows().orderBy('MAIL').execute(),
      () => rows().groupBy('mail').execute(),
      () => rows().groupBy('id').having('mail', '=', 'xyzzy').execute(),
      () => rows().where('mail', '=', 'xyzzy').execute(),
      () => rows().distinctOn('mail').execute(),
      () =>
        rows()
          .orderBy(sql`mail desc`)
          .execute(),
      () => rows().orderBy(sql.id('mail')).execute(),
      () =>
        rows()
          .orderBy(sql`3`)
          .execute(),
      () => rows().orderBy(sql.lit(3)).execute(),
      () =>
        rows()
          .groupBy(sql`3`)
          .execute(),
      () => {
        const emails = () => db.selectFrom('users').select('email as mail');
        return emails().unionAll(emails()).orderBy('mail').execute();
      },
    ]) {
      await refused(attempt(call), /encrypted|written as/);
    }
    const others = rows().where('name', '=', 'x').groupBy(['id', 'name']).orderBy('name desc');
    assert.deepEqual(await others.execute(), []);
    assert.deepEqual(
      await db
        .selectFrom('users')
        .select('name')
        .orderBy(sql`1`)
        .execute(),
      [],
    );
  },
  'sql that names an encrypted column in whatever way is refused': async ({ db }) => {
    const { sql } = require('kysely');
    const rows = () => db.selectFrom('users as u').select('name');
    for (const call of [
      () =>
        rows()
          .where(sql`${sql.id('email')} = ${'xyzzy'}`)
          .execute(),
      () =>
        rows()
          .where(sql`${sql.id('u', 'email')} = ${'xyzzy'}`)
          .execute(),
      () =>
        rows()
          .where(sql`U."EMAIL" = ${'xyzzy'}`)
          .execute(),
      () => rows().where('U.email', '=', 'xyzzy').execute(),
      () => rows().orderBy(sql.id('email')).execute(),
      () => rows().select(sql.id('phone').as('x')).execute(),
      () =>
        rows()
          .select(sql`e_mail`.as('x'))
          .execute(),
      () => rows().select('U.email').execute(),
      () =>
        rows()
          .where(sql`E'\\'' || email || E'\\'' = ${'xyzzy'}`)
          .execute(),
      () =>
        rows()
          .where(sql`/* don't */ email = ${'xyzzy'} /* isn't */`)
          .execute(),
      () =>
        rows()
          .where(sql`"it's" = email or name = 'x'`)
          .execute(),
    ]) {
      await refused(attempt(call), /cannot|write the table U as u/);
    }
    const others = rows().where(sql`${sql.id('u', 'name')} = 'email' or u.name = ${'x'}`);
    assert.deepEqual(await others.execute(), []);
  },
  'a whole row with encrypted columns is given to no function': async ({ db, database }) => {
    const { sql } = require('kysely');
    const select = (selection) => () => db.selectFrom('users').select(selection).execute();
    for (const call of [
      select(({ fn }) => fn.toJson('users').as('x')),
      select(({ fn }) => fn.jsonAgg('users').as('x')),
      select(({ fn }) => fn('to_jsonb', [sql`users`]).as('x')),
      select(sql`to_json(${sql.table('users')})`.as('x')),
      select(sql`to_json(USERS.*)`.as('x')),
    ]) {
      await refused(attempt(call), /is a whole row here, in which users\.email is encrypted/);
    }
    const count = db.selectFrom('users').select(({ fn }) => fn.countAll('users').as('n'));
    const isPostgres = database.dialect === 'postgresql';
    if (isPostgres) assert.deepEqual(await count.execute(), [{ n: '0' }]);
    const locked = db.selectFrom('users').select('email').forUpdate('users');
    if (isPostgres) assert.deepEqual(await locked.execute(), []);
  },
};
