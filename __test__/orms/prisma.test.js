'use strict';

const assert = require('node:assert/strict');

const { encryptPrisma } = require('../../integrations/prisma');
const { thrown } = require('../support/rejects');
const { ADA, BOB, SEALED, attempt, refused } = require('./support/cases');
const guards = require('./support/prisma-guards');
const { MODELS, connect } = require('./support/prisma-world');
const { suite } = require('./support/suite');

suite('kms-envelope/prisma', connect, {
  ...guards,
  'a client whose extension was thrown away stores nothing in the clear': async (world) => {
    const { base, fields, another } = world;
    const forgotten = another();
    encryptPrisma(forgotten, { fields, models: MODELS });
    for (const client of [base, forgotten, base.$extends({})]) {
      const create = attempt(() => client.user.create({ data: { name: 'Ada', email: ADA } }));
      await refused(create, /use the client that encryptPrisma returned/);
      await refused(
        attempt(() => client.$transaction((inside) => inside.user.findMany())),
        /encryptPrisma/,
      );
    }
    await forgotten.$disconnect();
    assert.deepEqual(await world.sql('select * from users'), []);
  },
  'a nested write of any kind stores a ciphertext': async (world) => {
    const { prisma } = world;
    const bodies = async () =>
      (await prisma.note.findMany({ orderBy: { id: 'asc' } })).map(({ body }) => body);
    const { id } = await prisma.user.create({
      data: {
        name: 'Ada',
        email: ADA,
        notes: { createMany: { data: [{ body: 'xyzzy 1' }, { body: 'xyzzy 2' }] } },
      },
    });
    const [first, second] = await prisma.note.findMany();
    const change = (notes) => prisma.user.update({ where: { id }, data: { notes } });
    await change({ update: { where: { id: first.id }, data: { body: { set: 'xyzzy 3' } } } });
    await change({ updateMany: { where: { body: 'xyzzy 2' }, data: { body: 'xyzzy 4' } } });
    await change({
      upsert: { where: { id: 0 }, create: { body: 'xyzzy 5' }, update: { body: 'x' } },
    });
    await change({
      connectOrCreate: [{ where: { id: second.id + 90 }, create: { body: 'xyzzy 6' } }],
    });
    assert.deepEqual(await bodies(), ['xyzzy 3', 'xyzzy 4', 'xyzzy 5', 'xyzzy 6']);
    await change({ deleteMany: [{ body: 'xyzzy 5' }, { body: { in: ['xyzzy 6'] } }] });
    assert.deepEqual(await bodies(), ['xyzzy 3', 'xyzzy 4']);
    await prisma.note.update({
      where: { id: first.id },
      data: { author: { update: { email: BOB } } },
    });
    await prisma.note.update({
      where: { id: first.id },
      data: { author: { update: { data: { phone: 'xyzzy' } } } },
    });
    assert.equal((await world.byEmail(BOB)).phone, 'xyzzy');
    await prisma.note.create({
      data: { body: 'xyzzy 7', author: { connect: { emailIndex: BOB } } },
    });
    const stored = await world.sql('select body from notes');
    assert.equal(stored.length, 3);
    for (const { body } of stored) assert.match(body, /^A[Q-Za-f]/);
  },
  'rows are decrypted wherever they are in a result: select, the fluent API, batches': async (
    world,
  ) => {
    const { prisma } = world;
    await world.createWithNotes({ name: 'Ada', email: ADA }, ['xyzzy 1']);
    const where = { emailIndex: ADA };
    assert.deepEqual(await prisma.user.findUnique({ where, select: { email: true } }), {
      email: ADA,
    });
    const [note] = await prisma.user.findUnique({ where }).notes();
    assert.equal(note.body, 'xyzzy 1');
    assert.equal((await prisma.note.findFirst().author()).email, ADA);
    const deep = { select: { notes: { select: { author: { select: { email: true } } } } } };
    assert.deepEqual(await prisma.user.findMany(deep), [{ notes: [{ author: { email: ADA } }] }]);
    const counted = { select: { _count: { select: { notes: { where: { body: 'xyzzy 1' } } } } } };
    assert.deepEqual(await prisma.user.findMany(counted), [{ _count: { notes: 1 } }]);
    const create = prisma.user.create({ data: { name: 'Bob', email: BOB } });
    const [made, all] = await prisma.$transaction([create, prisma.user.findMany()]);
    assert.deepEqual([made.email, all.length], [BOB, 2]);
    const returned = await prisma.user.updateManyAndReturn({
      where: { email: BOB },
      data: { age: 5 },
    });
    assert.deepEqual(
      returned.map(({ email, age }) => [email, age]),
      [[BOB, 5]],
    );
    const listed = await prisma.user.createManyAndReturn({
      data: [{ name: 'Eve', phone: 'xyzzy' }],
    });
    assert.equal(listed[0].phone, 'xyzzy');
    assert.equal((await prisma.user.delete({ where: { emailIndex: BOB } })).email, BOB);
  },
  'every condition and order is either answered or refused': async (world) => {
    const { prisma } = world;
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
      { name: 'No', email: null },
    ]);
    const find = async (where) =>
      (await prisma.user.findMany({ where, orderBy: { id: 'asc' } })).map(({ name }) => name);
    assert.deepEqual(await find({ OR: [{ email: ADA }, { email: null }] }), ['Ada', 'No']);
    assert.deepEqual(await find({ NOT: { email: { equals: ADA } } }), ['Bob']);
    assert.deepEqual(await find({ AND: [{ email: { notIn: [ADA] } }] }), ['Bob']);
    assert.deepEqual(await find({ email: { not: { in: [BOB] } } }), ['Ada']);
    assert.deepEqual(await find({ notes: { none: { body: 'xyzzy' } }, email: ADA }), ['Ada']);
    for (const email of [
      { startsWith: 'a' },
      { lt: 'a' },
      { equals: ADA, mode: 'insensitive' },
      { not: { contains: 'a' } },
    ]) {
      await refused(
        attempt(() => find({ email })),
        /cannot answer/,
      );
    }
    const many = (args) => attempt(() => prisma.user.findMany(args));
    await refused(many({ distinct: ['email'] }), /`distinct`/);
    await refused(
      many({ orderBy: [{ name: 'asc' }, { email: { sort: 'asc', nulls: 'last' } }] }),
      /order/,
    );
    await refused(many({ include: { notes: { orderBy: { body: 'asc' } } } }), /order/);
    await refused(
      attempt(() => prisma.note.findMany({ orderBy: { author: { email: 'asc' } } })),
      /order/,
    );
    await refused(
      attempt(() => prisma.user.groupBy({ by: ['email'], _count: true })),
      /`by`/,
    );
    const having = { emailIndex: { equals: ADA } };
    await refused(
      attempt(() => prisma.user.groupBy({ by: ['emailIndex'], having })),
      /`having`/,
    );
    await refused(
      attempt(() => prisma.user.aggregate({ _max: { email: true } })),
      /`_max`/,
    );
    assert.equal((await prisma.user.aggregate({ _count: true, where: { email: ADA } }))._count, 1);
  },
  'a unique row is found while the key of the indexes is rotated; an upsert says what to do':
    async (world) => {
      const { prisma } = world;
      await world.create({ name: 'Ada', email: ADA });
      await world.promoteNewKey('index');
      const where = { emailIndex: ADA };
      assert.equal((await prisma.user.findUnique({ where })).name, 'Ada');
      assert.equal((await prisma.user.update({ where, data: { phone: 'xyzzy' } })).phone, 'xyzzy');
      assert.equal(await prisma.user.findUnique({ where: { emailIndex: BOB } }), null);
      await refused(
        attempt(() => prisma.user.upsert({ where, create: { name: 'Ada' }, update: {} })),
        /rotated/,
      );
    },
  'a field of the type Json takes and gives JSON, and both nulls': async (world) => {
    const { prisma, Prisma } = world;
    const extra = { set: 'xyzzy', list: [{ deep: null }] };
    await prisma.user.createMany({
      data: [
        { name: 'Ada', extra },
        { name: 'No', extra: Prisma.DbNull },
      ],
    });
    const [ada, none] = await world.all();
    assert.deepEqual([ada.extra, none.extra], [extra, null]);
    const [stored] = await world.sql('select extra from users order by id');
    assert.match(stored.extra, /^"?A[Q-Za-f]/);
    const where = { extra: { equals: Prisma.DbNull } };
    assert.deepEqual(
      (await prisma.user.findMany({ where })).map(({ name }) => name),
      ['No'],
    );
    await refused(
      attempt(() => prisma.user.findMany({ where: { extra: { path: ['set'], equals: 'x' } } })),
      /cannot answer/,
    );
  },
  'an index that is set by hand is refused': async ({ prisma }) => {
    const data = { name: 'Ada', email: ADA, emailIndex: 'xyzzy' };
    await refused(
      attempt(() => prisma.user.create({ data })),
      /emailIndex is the blind index of User.email/,
    );
  },
  'what a Proxy of an array holds is encrypted, searched and refused as in the array': async (
    world,
  ) => {
    const { prisma } = world;
    const proxy = (list) => new Proxy(list, {});
    await prisma.user.createMany({ data: proxy([{ name: 'Ada', email: ADA }]) });
    const notes = { create: proxy([{ body: 'xyzzy' }]) };
    await prisma.user.create({ data: { name: 'Bob', email: BOB, notes } });
    const stored = await world.sql('select email from users');
    assert.equal(stored.length, 2);
    for (const { email } of stored) assert.match(email, SEALED);
    assert.match((await world.sql('select body from notes'))[0].body, /^A[Q-Za-f]/);
    const found = await prisma.user.findMany({ where: { email: { in: proxy([ADA]) } } });
    assert.equal(found[0].email, ADA);
    const many = (args) => attempt(() => prisma.user.findMany(args));
    await refused(many({ orderBy: proxy([{ email: 'asc' }]) }), /cannot order/);
    await refused(many({ distinct: proxy(['email']) }), /`distinct`/);
  },
  'a model, field, index or client that cannot be encrypted is an error at the start': async ({
    base,
    fields,
  }) => {
    const message = (models) =>
      thrown(() => encryptPrisma(base, { fields, models }), 'INVALID_ARGUMENT').message;
    assert.match(message({ Person: {} }), /no model Person/);
    assert.match(message({ User: { mail: { type: 'text' } } }), /no field User\.mail/);
    assert.match(message({ User: { id: { type: 'integer' } } }), /must be a String, Bytes or Json/);
    assert.match(
      message({ User: { phone: { type: 'text', index: {} } } }),
      /add phoneIndex to User/,
    );
    assert.match(message({}), /names no model/);
    assert.match(
      thrown(() => encryptPrisma({}, { fields, models: MODELS }), 'INVALID_ARGUMENT').message,
      /Prisma 7/,
    );
  },
  'an update by { set } encrypts, and what the database would compute is refused': async (
    world,
  ) => {
    const { prisma } = world;
    await world.create({ name: 'Ada', email: ADA });
    const where = { emailIndex: ADA };
    await prisma.user.update({ where, data: { email: { set: BOB } } });
    const [stored] = await world.sql('select email from users');
    assert.match(stored.email, SEALED);
    assert.equal((await world.byEmail(BOB)).name, 'Ada');
    const computed = { where: { emailIndex: BOB }, data: { age: { increment: 1 } } };
    await refused(
      attempt(() => prisma.user.update(computed)),
      /SQL expression/,
    );
  },
});
