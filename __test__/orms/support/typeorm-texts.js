'use strict';

const assert = require('node:assert/strict');

const { encryptDataSource } = require('../../../integrations/typeorm');
const { ADA, BOB, attempt, refused } = require('./cases');
const { User, optionsFor } = require('./typeorm-entities');

/** What would be written in the clear, or computed of ciphertexts, if the adapter let it pass. */
module.exports = {
  'a table that is named by its path, and not by its entity, is not written in the clear': async (
    world,
  ) => {
    const { dataSource, database } = world;
    await world.create({ name: 'Ada', email: ADA });
    const before = await world.sql('select * from users');
    const builder = () => dataSource.createQueryBuilder();
    const schema = database.dialect === 'postgresql' ? 'public' : 'main';
    for (const path of [`${schema}.users`, 'USERS', `${schema}.Users`]) {
      for (const query of [
        builder().insert().into(path).values({ name: 'Eve', email: BOB }),
        builder().update(path).set({ phone: 'xyzzy' }).where(`name = 'Ada'`),
        builder().delete().from(path).where('email = :email', { email: ADA }),
        builder().select('u.name').from(path, 'u').where('u.email = :email', { email: ADA }),
      ]) {
        await refused(run(query), /is the table of User, which has encrypted columns/);
      }
    }
    const join = builder().select('n.id').from('notes', 'n').innerJoin('USERS', 'u', 'u.id = n.id');
    await refused(run(join), /is the table of User, which has encrypted columns/);
    assert.deepEqual(await world.sql('select * from users'), before);
  },
  'a second entity of the table that has the column as a plain one is an error at the start':
    async ({ database, fields }) => {
      const { DataSource, EntitySchema } = require('typeorm');
      const options = optionsFor(database, () => {});
      const lite = new EntitySchema({
        name: 'Lite',
        tableName: 'users',
        columns: {
          id: { type: 'integer', primary: true, generated: true },
          mail: { type: 'text', name: 'email', nullable: true },
        },
      });
      const dataSource = new DataSource({ ...options, entities: [...options.entities, lite] });
      await dataSource.initialize();
      try {
        const open = async () => encryptDataSource(dataSource, { fields });
        await refused(open(), /Lite\.mail is a plain column, .* User\.email is encrypted/);
      } finally {
        await dataSource.destroy();
      }
    },
  'rows of a query are not inserted into encrypted columns': async (world) => {
    await world.sql('create table plain_users (name text, mail text)');
    try {
      await world.sql(`insert into plain_users values ('Ada', 'planted@example.com')`);
      const insert = (columns) =>
        world.dataSource
          .createQueryBuilder()
          .insert()
          .into(User, columns)
          .valuesFromSelect((query) =>
            query.select('p.name').addSelect('p.mail').addSelect('p.mail').from('plain_users', 'p'),
          )
          .execute();
      for (const columns of [['name', 'email', 'emailIndex'], ['name', 'phone'], undefined]) {
        await refused(
          attempt(() => insert(columns)),
          /cannot be set to an SQL expression/,
        );
      }
    } finally {
      await world.sql('drop table plain_users');
    }
    assert.deepEqual(await world.sql('select * from users'), []);
  },
  'a value that an upsert overwrites does not leave its old index': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    const [{ id }] = await world.sql('select id from users');
    const upsert = (overwrite, options) =>
      world.users
        .createQueryBuilder()
        .insert()
        .into(User, ['id', 'name', 'email', 'emailIndex'])
        .values({ id, name: 'Ada', email: BOB })
        .orUpdate(overwrite, ['id'], options)
        .execute();
    for (const overwrite of [['email'], ['emailIndex'], ['name', 'email']]) {
      await refused(upsert(overwrite), /overwrite User\.email together with emailIndex/);
    }
    const where = { where: 'users.email = :email', parameters: { email: ADA } };
    if (world.database.dialect === 'postgresql') {
      const conditional = upsert(['name'], { overwriteCondition: where });
      await refused(conditional, /cannot answer a condition with =/);
    }
    await upsert(['email', 'emailIndex']);
    assert.equal(await world.byEmail(ADA), undefined);
    assert.equal((await world.byEmail(BOB)).name, 'Ada');
  },
  'an index that an update sets by hand is refused, and the row is still found': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    for (const emailIndex of ['xyzzy', null, () => `'x'`]) {
      const update = world.users.update({ name: 'Ada' }, { emailIndex });
      await refused(update, /emailIndex is the blind index of User\.email/);
    }
    assert.equal((await world.byEmail(ADA)).name, 'Ada');
  },
  'what the database would compute of ciphertexts is refused: sums, functions, groups, DISTINCT':
    async (world) => {
      await world.create({ name: 'Ada', email: ADA, age: 36 });
      const { users } = world;
      const query = (...select) => users.createQueryBuilder('user').select(...select);
      const compared = `CASE WHEN user.email = :email THEN 1 ELSE 0 END`;
      for (const [call, text] of [
        [() => users.sum('age'), /an expression in SELECT/],
        [() => users.average('age'), /an expression in SELECT/],
        [() => users.maximum('age'), /an expression in SELECT/],
        [() => query('MAX(user.email)', 'last').getRawOne(), /an expression in SELECT/],
        [() => query('COUNT(DISTINCT user.email)', 'n').getRawOne(), /an expression in SELECT/],
        [() => query(compared, 'is').setParameter('email', ADA).getRawMany(), /in SELECT/],
        [() => query('COUNT(*)', 'n').groupBy('user.phone').getRawMany(), /GROUP BY/],
        [() => query('user.phone').distinct(true).getRawMany(), /DISTINCT/],
        [() => query('user.id').distinctOn(['user.phone']).getRawMany(), /DISTINCT/],
      ]) {
        await refused(attempt(call), text);
      }
      assert.equal(Number((await query('COUNT(user.email)', 'n').getRawOne()).n), 1);
      const [found] = await query(['user.id', 'user.email']).distinct(false).getMany();
      assert.equal(found.email, ADA);
      const grouped = query('user.name', 'name').addSelect('COUNT(*)', 'n').groupBy('user.name');
      assert.equal((await grouped.getRawMany()).length, 1);
    },
  'a condition that names the column by its table is refused in a delete and an update': async (
    world,
  ) => {
    const given = { email: ADA };
    const { users } = world;
    for (const query of [
      users.createQueryBuilder().delete().where('users.email = :email', given),
      users.createQueryBuilder().update().set({ name: 'x' }).where('users.email = :email', given),
    ]) {
      await refused(query.execute(), /cannot answer a condition with =/);
    }
  },
};

/** @param {any} query a query builder of any kind */
async function run(query) {
  return query.expressionMap.queryType === 'select'
    ? await query.getRawMany()
    : await query.execute();
}
