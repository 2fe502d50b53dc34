'use strict';

const assert = require('node:assert/strict');

const { ADA, BOB, attempt, refused } = require('./cases');

/** Queries within a statement: what they may name of it, and what would send a plaintext. */
module.exports = {
  'an inner query that db has made names no encrypted column of the statement around it': async ({
    db,
  }) => {
    const { sql } = require('kysely');
    const notes = () => db.selectFrom('notes').select('notes.id');
    const users = () => db.selectFrom('users as u').select('u.id');
    const within = (query) => users().where(({ exists }) => exists(query));
    const common = () => db.with('c', (qb) => qb.selectFrom('users').selectAll()).selectFrom('c');
    for (const call of [
      () => within(notes().where('u.email', '=', ADA)).execute(),
      () => within(notes().where('email', '=', ADA)).execute(),
      () => within(notes().where('u.email', 'is not', null)).execute(),
      () => within(notes().where(sql`u.email = ${ADA}`)).execute(),
      () =>
        within(db.selectFrom(notes().as('n')).select('id').where('u.email', '=', ADA)).execute(),
      () => within(notes().where('id', 'in', notes().where('u.email', '=', ADA))).execute(),
      () => users().select(db.selectFrom('notes').select('u.email').as('x')).execute(),
      () => users().select(db.selectFrom('notes').selectAll('u').as('x')).execute(),
      () =>
        db
          .updateTable('users as u')
          .set({ name: 'x' })
          .where('id', 'in', notes().where('u.email', '=', ADA))
          .execute(),
      () =>
        common()
          .select('c.id')
          .where('c.id', 'in', db.selectFrom('c').select('c.id').where('c.email', '=', ADA))
          .execute(),
    ]) {
      await refused(attempt(call), /of the statement around it|before email|in SQL/);
    }
  },
  'an inner query that db has made is answered, if it names only its own tables': async (world) => {
    const { db } = world;
    await db.insertInto('users').values({ id: 1, name: 'Ada', email: ADA }).execute();
    await db.insertInto('users').values({ id: 2, name: 'Bob', email: BOB }).execute();
    await db.insertInto('notes').values({ id: 7, authorId: 1, body: 'xyzzy' }).execute();
    const ada = db.selectFrom('users').select('id').where('email', '=', ADA);
    const bodies = db.selectFrom('notes').select('body').where('authorId', 'in', ada);
    assert.deepEqual(await bodies.execute(), [{ body: 'xyzzy' }]);
    const authors = db
      .selectFrom('notes as n')
      .select('n.authorId')
      .whereRef('n.authorId', '=', 'u.id')
      .where('n.body', '=', 'xyzzy');
    const rows = db.selectFrom('users as u').select('email');
    assert.deepEqual(await rows.where('id', 'in', authors).execute(), [{ email: ADA }]);
    const cte = db.with('c', (qb) => qb.selectFrom('notes').select('authorId'));
    const named = cte.selectFrom('users').select('email');
    const chosen = await named.where('id', 'in', db.selectFrom('c').select('authorId')).execute();
    assert.deepEqual(chosen, [{ email: ADA }]);
  },
  'a joined query and that of a union may have a column named like an encrypted one beside it':
    async (world) => {
      const { db } = world;
      await world.sql('create table contacts (id integer, email text)');
      try {
        await world.sql(`insert into contacts values (1, 'c'), (9, 'd')`);
        await db.insertInto('users').values({ id: 1, name: 'Ada', email: ADA }).execute();
        for (const from of [db, undefined]) {
          const contacts = (eb) => (from ?? eb).selectFrom('contacts').select(['id', 'email']);
          const joined = db
            .selectFrom('users')
            .innerJoin((eb) => contacts(eb).as('c'), 'c.id', 'users.id')
            .select(['users.email', 'c.email as other']);
          assert.deepEqual(await joined.execute(), [{ email: ADA, other: 'c' }]);
          const ids = (eb) =>
            (from ?? eb).selectFrom('contacts').select('id').where('email', '=', 'd');
          const both = db.selectFrom('users').select('id').unionAll(ids).orderBy('id');
          assert.deepEqual(await both.execute(), [{ id: 1 }, { id: 9 }]);
        }
      } finally {
        await world.sql('drop table contacts');
      }
    },
  'a common table in other letters is not taken for another one': async ({ db }) => {
    const users = db.with('mine', (qb) => qb.selectFrom('users').selectAll());
    for (const call of [
      () => users.selectFrom('Mine').select('email').execute(),
      () => users.selectFrom('MINE as m').select('name').where('m.email', '=', ADA).execute(),
    ]) {
      await refused(attempt(call), /write the table (Mine|MINE) as mine/);
    }
  },
  'an update from a table that is named like the updated one stores nothing in the clear': async (
    world,
  ) => {
    const { db } = world;
    await db.insertInto('users').values({ id: 1, name: 'Ada', email: ADA }).execute();
    await db.insertInto('notes').values({ authorId: 1, body: 'xyzzy' }).execute();
    const before = await world.sql('select * from users');
    const update = () =>
      db.updateTable('users').from('plain as users').set({ phone: 'xyzzy' }).execute();
    await world.sql('create table plain (id integer)');
    try {
      await world.sql('insert into plain values (1)');
      await refused(attempt(update), /two tables that are named users/);
    } finally {
      await world.sql('drop table plain');
    }
    assert.deepEqual(await world.sql('select * from users'), before);
  },
};
