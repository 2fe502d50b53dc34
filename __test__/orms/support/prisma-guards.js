'use strict';

const assert = require('node:assert/strict');

const { encryptPrisma } = require('../../../integrations/prisma');
const { thrown } = require('../../support/rejects');
const { ADA, attempt, refused } = require('./cases');
const { generatedClient } = require('./prisma-client');
const { MODELS, adapterFor } = require('./prisma-world');

/** What Prisma or an extension of it would store in the clear, or otherwise than it was given. */
module.exports = {
  'an extension with query that comes after the encryption is refused, and one before it encrypts':
    async (world) => {
      const { another, fields, prisma } = world;
      const query = {
        user: {
          create({ args, query: next }) {
            return next({ ...args, data: { ...args.data, phone: 'xyzzy' } });
          },
        },
      };
      const all = { $allOperations: ({ args, query: next }) => next(args) };
      for (const late of [prisma.$extends({ query }), prisma.$extends({ query: all })]) {
        for (const client of [late, late.$extends({})]) {
          const create = attempt(() => client.user.create({ data: { name: 'Ada', email: ADA } }));
          await refused(create, /comes after their encryption.*Apply it first/);
        }
      }
      assert.deepEqual(await world.sql('select * from users'), []);
      const base = another();
      const early = encryptPrisma(base.$extends({ query }), { fields, models: MODELS });
      const made = await early.user.create({ data: { name: 'Ada', email: ADA } });
      assert.deepEqual([made.email, made.phone], [ADA, 'xyzzy']);
      assert.match((await world.sql('select phone from users'))[0].phone, /^A[Q-Za-f]/);
      const result = { user: { mail: { needs: { email: true }, compute: ({ email }) => email } } };
      assert.equal((await prisma.$extends({ result }).user.findFirst()).mail, ADA);
      await base.$disconnect();
    },
  'models that are encrypted by two calls can be written and read together': async (world) => {
    const { another, fields } = world;
    const base = another();
    const users = encryptPrisma(base, { fields, models: { User: MODELS.User } });
    const both = encryptPrisma(users, { fields, models: { Note: MODELS.Note } });
    const notes = { create: [{ body: 'xyzzy' }] };
    await both.user.create({ data: { name: 'Ada', email: ADA, notes } });
    const found = await both.user.findFirst({ where: { email: ADA }, include: { notes: true } });
    assert.deepEqual([found.email, found.notes[0].body], [ADA, 'xyzzy']);
    assert.match((await world.sql('select body from notes'))[0].body, /^A[Q-Za-f]/);
    await base.$disconnect();
  },
  'JSON that looks like an update is stored as it is': async (world) => {
    const { prisma } = world;
    for (const profile of [{ set: 'xyzzy' }, { increment: 1 }]) {
      const { id } = await prisma.user.create({ data: { name: 'Ada', profile } });
      assert.deepEqual((await prisma.user.findUnique({ where: { id } })).profile, profile);
      await prisma.user.update({ where: { id }, data: { profile: { set: profile } } });
      assert.deepEqual((await prisma.user.findUnique({ where: { id } })).profile, profile);
    }
  },
  'a field with a default in the schema, which Prisma would store in the clear, is an error at the start':
    async ({ fields, database }) => {
      const models = `
model Token {
  id      Int     @id @default(autoincrement())
  secret  String  @default(uuid())
  comment String? // no @default(now())
  other   String? @map("@default(x)")
}
`;
      const { PrismaClient } = generatedClient(database.dialect, models);
      const base = new PrismaClient({ adapter: adapterFor(database) });
      const open = (field) => () =>
        encryptPrisma(base, { fields, models: { Token: { [field]: { type: 'text' } } } });
      const { message } = thrown(open('secret'), 'INVALID_ARGUMENT');
      assert.match(message, /Token\.secret is encrypted, but has @default/);
      open('comment')();
      open('other')();
      await base.$disconnect();
    },
};
