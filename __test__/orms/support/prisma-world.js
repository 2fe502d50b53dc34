'use strict';

require('./peers');
const { encryptPrisma } = require('../../../integrations/prisma');
const { clientFor } = require('./prisma-client');

const MODELS = {
  User: {
    email: { type: 'text', index: { normalize: ['trim', 'lowercase'] } },
    phone: { type: 'text' },
    age: { type: 'integer' },
    balance: { type: 'bigint' },
    score: { type: 'number' },
    active: { type: 'boolean' },
    born: { type: 'date' },
    profile: { type: 'json' },
    photo: { type: 'bytes' },
    extra: { type: 'json' },
  },
  Note: { body: { type: 'text', index: {} } },
};

/** The language of Prisma. */
async function connect({ database, fields, log }) {
  const { Prisma, PrismaClient } = clientFor(database);
  const base = new PrismaClient({
    adapter: adapterFor(database),
    log: [{ emit: 'event', level: 'query' }],
  });
  base.$on('query', ({ query, params }) => log(`${query} ${params}`));
  const prisma = encryptPrisma(base, { fields, models: MODELS });
  return {
    Prisma,
    base,
    prisma,
    database,
    fields,
    another: () => new PrismaClient({ adapter: adapterFor(database) }),
    ...worldOf(prisma),
    transaction: (work) => prisma.$transaction((inside) => work(worldOf(inside))),
    close: () => base.$disconnect(),
    createUnopened: async (user) => base.user.create({ data: user }),
  };
}

function adapterFor(database) {
  if (database.dialect === 'postgresql') {
    const { PrismaPg } = require('@prisma/adapter-pg');
    return new PrismaPg({ connectionString: database.url });
  }
  const { PrismaLibSql } = require('@prisma/adapter-libsql');
  return new PrismaLibSql({ url: `file:${database.file}` });
}

function worldOf(prisma) {
  const find = (where) => prisma.user.findMany({ where });
  return {
    create: (data) => prisma.user.create({ data }),
    createMany: (data) => prisma.user.createMany({ data }),
    byEmail: async (email) => (await prisma.user.findFirst({ where: { email } })) ?? undefined,
    byEmails: (emails) => find({ email: { in: emails } }),
    byNotEmail: (email) => find({ email: { not: email } }),
    withoutEmail: () => find({ email: null }),
    withEmail: () => find({ email: { not: null } }),
    searchesForNull: (email) => [
      () => find({ email: { in: [null, email] } }),
      () => find({ email: { notIn: [null] } }),
      () => find({ NOT: { email: { in: [null] } } }),
      () => prisma.user.deleteMany({ where: { email: { notIn: [null, email] } } }),
    ],
    countByEmail: (email) => prisma.user.count({ where: { email } }),
    all: () => prisma.user.findMany({ orderBy: { id: 'asc' } }),
    updateWhere: (email, data) => prisma.user.updateMany({ where: { email }, data }),
    rename: (email, name) => prisma.user.update({ where: { emailIndex: email }, data: { name } }),
    upsert: ({ email, ...rest }) =>
      prisma.user.upsert({
        where: { emailIndex: email },
        create: { email, ...rest },
        update: rest,
      }),
    createWithNotes: (user, bodies) =>
      prisma.user.create({
        data: { ...user, notes: { create: bodies.map((body) => ({ body })) } },
      }),
    withNotes: (email) => prisma.user.findFirst({ where: { email }, include: { notes: true } }),
    noteWithAuthor: (body) => prisma.note.findFirst({ where: { body }, include: { author: true } }),
    async notesOf(email) {
      const found = await prisma.note.findMany({
        where: { author: { email } },
        orderBy: { id: 'asc' },
      });
      return found.map(({ body }) => body);
    },
    deleteWhere: (email) => prisma.user.deleteMany({ where: { email } }),
    orderByEmail: () => prisma.user.findMany({ orderBy: { email: 'asc' } }),
    likeEmail: (part) => find({ email: { contains: part } }),
    greaterEmail: (email) => find({ email: { gt: email } }),
    byPhone: (phone) => find({ phone }),
  };
}

module.exports = { MODELS, adapterFor, connect };
