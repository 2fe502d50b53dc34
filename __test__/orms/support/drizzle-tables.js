'use strict';

const { encryptedColumns } = require('../../../integrations/drizzle');

/** The tables of the tests, made anew: each set takes its own keys. */
function tablesFor(dialect) {
  const isPostgres = dialect === 'postgresql';
  const core = require(isPostgres ? 'drizzle-orm/pg-core' : 'drizzle-orm/sqlite-core');
  const { relations } = require('drizzle-orm');
  const table = isPostgres ? core.pgTable : core.sqliteTable;
  const id = () => (isPostgres ? core.serial().primaryKey() : core.integer().primaryKey());
  const encrypted = encryptedColumns(core.customType);
  const users = table('users', {
    id: id(),
    name: core.text().notNull(),
    email: encrypted('text', { index: { normalize: ['trim', 'lowercase'] } }),
    emailIndex: encrypted.index('email').unique(),
    phone: encrypted('text'),
    age: encrypted('integer'),
    balance: encrypted('bigint'),
    score: encrypted('number'),
    active: encrypted('boolean'),
    born: encrypted('date'),
    profile: encrypted('json'),
    photo: encrypted('bytes', { storage: isPostgres ? 'bytea' : 'blob' }),
  });
  const notes = table('notes', {
    id: id(),
    authorId: core
      .integer()
      .notNull()
      .references(() => users.id),
    body: encrypted('text', { index: {} }).notNull(),
    bodyIndex: encrypted.index('body'),
  });
  const usersRelations = relations(users, ({ many }) => ({ notes: many(notes) }));
  const notesRelations = relations(notes, ({ one }) => ({
    author: one(users, { fields: [notes.authorId], references: [users.id] }),
  }));
  return { users, notes, usersRelations, notesRelations };
}

module.exports = { tablesFor };
