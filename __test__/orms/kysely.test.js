'use strict';

const assert = require('node:assert/strict');

require('./support/peers');
const { encryptedTables } = require('../../integrations/kysely');
const { thrown } = require('../support/rejects');
const { ADA, BOB, SEALED, attempt, refused } = require('./support/cases');
const { suite } = require('./support/suite');
const { connect, declarations } = require('./support/kysely-world');
const innerQueries = require('./support/kysely-inner-queries');
const refusals = require('./support/kysely-refusals');
const renaming = require('./support/kysely-renaming');

suite('kms-envelope/kysely', connect, {
  ...innerQueries,
  ...refusals,
  ...renaming,
  'every condition is either answered or refused': async (world) => {
    const { db } = world;
    const { sql } = require('kysely');
    await three(world);
    const find = async (where) => {
      const rows = await where(db.selectFrom('users').select('name')).orderBy('id').execute();
      return rows.map(({ name }) => name);
    };
    const by = (...condition) => find((query) => query.where(...condition));
    assert.deepEqual(await by('users.email', '=', ADA), ['Ada']);
    assert.deepEqual(await by('email', 'not in', [ADA]), ['Bob']);
    assert.deepEqual(await by((eb) => eb.or([eb('email', '=', ADA), eb('email', 'is', null)])), [
      'Ada',
      'No',
    ]);
    assert.deepEqual(await by((eb) => eb.not(eb('email', '=', ADA))), ['Bob']);
    assert.deepEqual(await by((eb) => eb.and({ email: BOB, name: 'Bob' })), ['Bob']);
    const chosen = db.selectFrom('users').select('id').where('email', '=', BOB);
    assert.deepEqual(await by('id', 'in', chosen), ['Bob']);
    const some = (eb) =>
      eb.exists(eb.selectFrom('users as u').selectAll().where('u.email', '=', ADA));
    assert.equal((await by(some)).length, 3);
    for (const condition of [
      ['email', 'ilike', ADA],
      ['email', 'is distinct from', ADA],
      [(eb) => eb.between('email', ADA, BOB)],
      [(eb) => eb('email', '=', eb.ref('users.phone'))],
      [(eb) => eb(eb.val(ADA), '=', eb.ref('email'))],
      [(eb) => eb(eb.fn('lower', ['email']), '=', 'x')],
      [sql`lower(${sql.ref('email')}) = ${'x'}`],
      [sql`lower(email) = ${'x'}`],
      ['name', 'in', (eb) => eb.selectFrom('users').select('email')],
      ['email', '=', sql`${'x'}`],
    ]) {
      await refused(
        attempt(() => by(...condition)),
        /cannot answer/,
      );
    }
    await refused(
      attempt(() => by('emailIndex', '=', 'x')),
      /is the blind index of users.email/,
    );
    const outer = (eb) => eb.exists(eb.selectFrom('notes').select('id').where('email', '=', ADA));
    await refused(
      attempt(() => by(outer)),
      /name of the table before email/,
    );
  },
  'every way to order, group or compare rows by an encrypted column is refused': async ({ db }) => {
    const { sql } = require('kysely');
    const rows = () => db.selectFrom('users').select('name');
    for (const order of ['email', 'users.email', sql`lower(email)`, sql.ref('email')]) {
      await refused(
        attempt(() => rows().orderBy(order).execute()),
        /cannot order/,
      );
    }
    await refused(
      attempt(() => rows().groupBy('email').execute()),
      /GROUP BY/,
    );
    const emails = () => db.selectFrom('users').select('email');
    await refused(
      attempt(() => emails().distinct().execute()),
      /DISTINCT/,
    );
    await refused(
      attempt(() => emails().union(emails()).execute()),
      /UNION ALL/,
    );
    const phones = db.selectFrom('users').select('phone as email');
    await refused(
      attempt(() => emails().unionAll(phones).execute()),
      /UNION ALL/,
    );
    const max = ({ fn }) => fn.max('email').as('last');
    await refused(
      attempt(() => db.selectFrom('users').select(max).execute()),
      /cannot answer/,
    );
  },
  'rows of inner queries, common tables, aliases and unions are decrypted': async (world) => {
    const { db } = world;
    await three(world);
    const inner = () =>
      db.selectFrom('users as u').select(['u.name', 'u.email as mail', 'u.emailIndex']);
    const derived = db.selectFrom(inner().as('d')).selectAll().where('d.mail', '=', ADA);
    assert.equal((await derived.executeTakeFirstOrThrow()).mail, ADA);
    const common = db
      .with('c', (qb) => qb.selectFrom('users').selectAll())
      .selectFrom('c')
      .select('email');
    assert.deepEqual(emailsOf(await common.execute()), [ADA, BOB, null]);
    const one = (eb) =>
      eb.selectFrom('users').select('users.email').where('name', '=', 'Bob').as('bob');
    assert.equal((await db.selectFrom('users').select(one).executeTakeFirst()).bob, BOB);
    const emails = (name) => db.selectFrom('users').select('email').where('name', '=', name);
    const both = await emails('Ada').unionAll(emails('Bob')).execute();
    assert.deepEqual(emailsOf(both), [ADA, BOB]);
    const cut = db.selectFrom(db.selectFrom('users').select('email').as('d')).selectAll();
    await refused(
      attempt(() => cut.where('d.email', '=', ADA).execute()),
      /select this, too/,
    );
    const pairs = db.selectFrom('users as a').innerJoin('users as b', 'a.id', 'b.id');
    const clash = pairs.select(['a.email', 'b.phone as email']);
    await refused(
      attempt(() => clash.execute()),
      /name that no other column has/,
    );
  },
  'what cannot be followed is refused: SQL in a selection, recursion, MERGE': async (world) => {
    const { db, another } = world;
    const { sql } = require('kysely');
    const select = (selection) => db.selectFrom('users').select(selection).execute();
    await refused(
      attempt(() => select(sql`lower(email)`.as('x'))),
      /cannot answer/,
    );
    const within = (eb) => sql`(select max(email) from ${eb.selectFrom('users').select('email')})`;
    await refused(
      attempt(() => db.selectNoFrom((eb) => within(eb).as('x')).execute()),
      /within SQL/,
    );
    const users = (qb) => qb.selectFrom('users').select('email');
    const recursive = db.withRecursive('c', users).selectFrom('c').selectAll();
    await refused(
      attempt(() => recursive.execute()),
      /recursive WITH/,
    );
    const renamed = db.with('c(mail)', users).selectFrom('c').selectAll();
    await refused(
      attempt(() => renamed.execute()),
      /by its own name/,
    );
    const merge = db.mergeInto('users').using('notes', 'notes.authorId', 'users.id');
    await refused(
      attempt(() => merge.whenMatched().thenDelete().execute()),
      /MERGE/,
    );
    const unopened = another([encryptedTables(declarations(world.database.dialect))]);
    const names = () => unopened.selectFrom('users').select('name').execute();
    await refused(attempt(names), /keys are not open/);
    await unopened.destroy();
  },
  'SQL expressions as values are refused, and rows of a query': async (world) => {
    const { db } = world;
    const { sql } = require('kysely');
    const planted = { name: 'Ada', email: sql`'planted'` };
    const insert = () => db.insertInto('users');
    await refused(
      attempt(() => insert().values(planted).execute()),
      /SQL expression/,
    );
    await refused(
      attempt(() => db.updateTable('users').set(planted).execute()),
      /SQL expression/,
    );
    const rows = db.selectFrom('notes').select(['body']);
    const copy = () => insert().columns(['email']).expression(rows).execute();
    await refused(attempt(copy), /SQL expression/);
    const byHand = { name: 'Ada', emailIndex: 'x' };
    await refused(
      attempt(() => insert().values(byHand).execute()),
      /blind index of users.email/,
    );
    const conflict = (oc) => oc.column('email').doNothing();
    const upsert = () =>
      insert().values({ name: 'Ada', email: ADA }).onConflict(conflict).execute();
    await refused(attempt(upsert), /name emailIndex/);
    assert.deepEqual(await world.sql('select * from users'), []);
  },
  'an upsert takes the excluded value with its index': async (world) => {
    const { db } = world;
    await world.create({ name: 'Ada', email: ADA });
    const [{ id }] = await world.sql('select id from users');
    await db
      .insertInto('users')
      .values({ id, name: 'Ada', email: BOB })
      .onConflict((oc) =>
        oc.column('id').doUpdateSet((eb) => ({ email: eb.ref('excluded.email') })),
      )
      .execute();
    assert.equal((await world.byEmail(BOB)).email, BOB);
    assert.equal(await world.byEmail(ADA), undefined);
  },
  'what an insert, an update or a delete returns is decrypted; rows may lack a column': async (
    world,
  ) => {
    const { db } = world;
    const list = [{ name: 'Ada', email: ADA }, { name: 'No' }];
    const made = await db.insertInto('users').values(list).returningAll().execute();
    assert.deepEqual(emailsOf(made), [ADA, null]);
    assert.match((await world.sql('select email from users order by id'))[0].email, SEALED);
    const update = db.updateTable('users').set({ email: BOB }).where('email', '=', ADA);
    assert.deepEqual(await update.returning('email as mail').execute(), [{ mail: BOB }]);
    const remove = db.deleteFrom('users').where('email', '=', BOB);
    assert.deepEqual(await remove.returning(['name', 'email']).execute(), [
      { name: 'Ada', email: BOB },
    ]);
  },
  'the plugin twice, other keys, or no column is an error': async (world) => {
    const { fields, plugin } = world;
    const { dialect } = world.database;
    const refusal = (call) => thrown(call, 'INVALID_ARGUMENT').message;
    assert.match(
      refusal(() => encryptedTables({})),
      /declare no column/,
    );
    for (const [table, columns, text] of [
      ['users', {}, /users declares no column/],
      ['users', { email: { type: 'text', index: { unique: true } } }, /create a unique index/],
      ['auth.users', { email: { type: 'text' } }, /without its schema/],
      ['users', { a: { type: 'text', index: { name: 'b' } }, b: { type: 'text' } }, /twice/],
    ]) {
      assert.match(
        refusal(() => encryptedTables({ [table]: columns })),
        text,
      );
    }
    assert.match(
      refusal(() => encryptedTables({ users: { email: { type: 'txt' } } })),
      /type must/,
    );
    assert.match(
      refusal(() => plugin.open({ fields })),
      /open already/,
    );
    const other = encryptedTables(declarations(dialect));
    assert.match(
      refusal(() => other.open({ fields: {} })),
      /Fields\.open/,
    );
    const twice = world.another([plugin, plugin]);
    await refused(
      attempt(() => twice.selectFrom('users').selectAll().execute()),
      /twice/,
    );
    await twice.destroy();
  },
  'keys are those of the tenant at each call': async (world) => {
    let tenant = world.fields;
    const fields = () => tenant;
    const plugin = encryptedTables(declarations(world.database.dialect)).open({ fields });
    const db = world.another([plugin]);
    await db.insertInto('users').values({ name: 'Ada', email: ADA }).execute();
    assert.equal((await world.byEmail(ADA)).email, ADA);
    tenant = undefined;
    const insert = () => db.insertInto('users').values({ name: 'Eve', email: BOB }).execute();
    await refused(attempt(insert), /not undefined/);
    await db.destroy();
  },
});

async function three(world) {
  await world.createMany([
    { name: 'Ada', email: ADA },
    { name: 'Bob', email: BOB },
    { name: 'No', email: null },
  ]);
}

function emailsOf(rows) {
  return rows.map(({ email }) => email);
}
