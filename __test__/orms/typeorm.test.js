'use strict';

const assert = require('node:assert/strict');

require('./support/peers');
const { encryptDataSource } = require('../../integrations/typeorm');
const { ADA, BOB, SEALED, refused } = require('./support/cases');
const { suite } = require('./support/suite');
const { Note, User, optionsFor } = require('./support/typeorm-entities');
const texts = require('./support/typeorm-texts');

/** The language of TypeORM. */
async function connect({ database, fields, log }) {
  const { DataSource } = require('typeorm');
  const dataSource = new DataSource(optionsFor(database, log));
  await dataSource.initialize();
  encryptDataSource(dataSource, { fields });
  return {
    dataSource,
    database,
    fields,
    ...worldOf(dataSource.manager),
    transaction: (work) => dataSource.transaction((manager) => work(worldOf(manager))),
    close: () => dataSource.destroy(),
    async createUnopened(user) {
      const unopened = await new DataSource(optionsFor(database, log)).initialize();
      await unopened
        .getRepository(User)
        .save({ ...user })
        .finally(() => unopened.destroy());
    },
  };
}

function worldOf(manager) {
  const { Equal, In, IsNull, Like, MoreThan, Not } = require('typeorm');
  const users = manager.getRepository(User);
  const notes = manager.getRepository(Note);
  const find = (where) => users.find({ where });
  return {
    manager,
    users,
    notes,
    create: (user) => users.save({ ...user }),
    createMany: (list) => users.insert(list.map((user) => ({ ...user }))),
    byEmail: async (email) => (await users.findOneBy({ email })) ?? undefined,
    byEmails: (emails) => find({ email: In(emails) }),
    byNotEmail: (email) => find({ email: Not(email) }),
    withoutEmail: () => find({ email: IsNull() }),
    withEmail: () => find({ email: Not(IsNull()) }),
    searchesForNull: (email) => [
      () => find({ email: Equal(null) }),
      () => find({ email: Not(null) }),
      () => find({ email: Not(Equal(null)) }),
      () => find({ email: In([null, email]) }),
      () => users.delete({ email: Not(In([null])) }),
    ],
    countByEmail: (email) => users.countBy({ email }),
    all: () => users.find({ order: { id: 'ASC' } }),
    updateWhere: (email, patch) => users.update({ email }, patch),
    async rename(email, name) {
      const user = await users.findOneByOrFail({ email });
      await users.save({ ...user, name });
    },
    upsert: (user) => users.upsert({ ...user }, ['emailIndex']),
    createWithNotes: (user, bodies) =>
      users.save({ ...user, notes: bodies.map((body) => ({ body })) }),
    withNotes: (email) => users.findOne({ where: { email }, relations: { notes: true } }),
    noteWithAuthor: (body) => notes.findOne({ where: { body }, relations: { author: true } }),
    async notesOf(email) {
      const found = await notes.find({ where: { author: { email } }, order: { id: 'ASC' } });
      return found.map(({ body }) => body);
    },
    deleteWhere: (email) => users.delete({ email }),
    orderByEmail: () => users.find({ order: { email: 'ASC' } }),
    likeEmail: (part) => find({ email: Like(`%${part}%`) }),
    greaterEmail: (email) => find({ email: MoreThan(email) }),
    byPhone: (phone) => find({ phone }),
  };
}

suite('kms-envelope/typeorm', connect, {
  ...texts,
  'the query builder inserts and updates ciphertexts, and finds and deletes by the plaintext':
    async (world) => {
      const { users } = world;
      const stored = async () => (await world.sql('select * from users'))[0];
      await users.createQueryBuilder().insert().values({ name: 'Ada', email: ADA }).execute();
      assert.match((await stored()).email, SEALED);
      const update = () => users.createQueryBuilder().update();
      await update().set({ email: BOB }).where({ email: ADA }).callListeners(false).execute();
      assert.match((await stored()).email, SEALED);
      assert.equal((await world.byEmail(BOB)).email, BOB);
      await users
        .createQueryBuilder()
        .insert()
        .into('users')
        .values({ name: 'Eve', email: ADA })
        .execute();
      assert.equal((await world.byEmail(ADA)).name, 'Eve');
      await users.createQueryBuilder().delete().where({ email: ADA }).execute();
      assert.deepEqual(
        (await world.all()).map(({ name }) => name),
        ['Ada'],
      );
    },
  'an entity that was saved still holds the value, not a ciphertext': async (world) => {
    const user = await world.users.save({ name: 'Ada', email: ADA, photo: Buffer.from('xyzzy') });
    assert.equal(user.email, ADA);
    assert.equal((await world.users.save(user)).email, ADA);
    assert.equal(user.photo.toString(), 'xyzzy');
  },
  'an SQL expression as the value of a column is refused': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    const toSql = { email: () => `'planted'` };
    await refused(world.users.update({ name: 'Ada' }, toSql), /cannot be set to an SQL expression/);
    await refused(
      world.users.insert({ name: 'Eve', ...toSql }),
      /cannot be set to an SQL expression/,
    );
    await refused(world.users.increment({ name: 'Ada' }, 'age', 1), /SQL expression/);
  },
  'conditions, joins and orders that are written as text are refused': async (world) => {
    const query = () => world.users.createQueryBuilder('user');
    const given = { value: '%xyzzy%' };
    for (const text of ['user.email LIKE :value', 'email = :value', '"user"."email" > :value']) {
      await refused(query().where(text, given).getMany(), /cannot answer a condition with/);
    }
    await refused(query().orderBy('user.email').getMany(), /cannot order/);
    await refused(
      query().leftJoinAndSelect('user.notes', 'note').orderBy('user.email').take(1).getMany(),
      /cannot order/,
    );
    await refused(
      query().leftJoinAndSelect('user.notes', 'note', 'note.body = :value', given).getMany(),
      /cannot answer/,
    );
    const found = query()
      .where('user.email IS NOT NULL')
      .andWhere('user.name = :name', { name: 'Ada' });
    assert.deepEqual(await found.getMany(), []);
  },
  'every operator of a condition is either answered or refused': async (world) => {
    const { And, Any, Between, Equal, ILike, In, IsNull, Not, Or, Raw } = require('typeorm');
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
      { name: 'No', email: null },
    ]);
    const find = async (email) =>
      (await world.users.findBy({ email })).map(({ name }) => name).sort();
    assert.deepEqual(await find(Equal(ADA)), ['Ada']);
    assert.deepEqual(await find(Not(In([ADA]))), ['Bob']);
    assert.deepEqual(await find(Or(Equal(ADA), IsNull())), ['Ada', 'No']);
    assert.deepEqual(await find(And(Not(ADA), Not(BOB))), []);
    const nested = await world.users.find({ where: [{ email: ADA }, { name: 'No' }] });
    assert.equal(nested.length, 2);
    for (const one of [
      Any([ADA]),
      Between(ADA, BOB),
      ILike(ADA),
      Raw((at) => `${at} > ''`),
      Not(ILike(ADA)),
    ]) {
      await refused(world.users.findBy({ email: one }), /cannot answer the operator/);
    }
    const both = world.users.findBy({ email: ADA, emailIndex: 'x' });
    await refused(both, /is the blind index of User.email/);
  },
  'an index without its value, or a value without its index, is not inserted': async (world) => {
    const insert = (columns) =>
      world.users
        .createQueryBuilder()
        .insert()
        .into(User, columns)
        .values({ name: 'Ada', email: ADA })
        .execute();
    await refused(insert(['name', 'email']), /together with emailIndex/);
    await insert(['name', 'email', 'emailIndex']);
    assert.equal((await world.byEmail(ADA)).name, 'Ada');
  },
});
