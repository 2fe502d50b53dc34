'use strict';

const { encryptedColumn } = require('../../../integrations/typeorm');

/** Names of the entities, by which repositories are asked for. */
const User = 'User';
const Note = 'Note';

const EMAIL = {
  type: 'text',
  nullable: true,
  index: { normalize: ['trim', 'lowercase'], unique: true },
};

/** The options of a data source for a database of the tests. */
function optionsFor(database, log) {
  const common = {
    entities: entities(database.dialect),
    logging: true,
    logger: logger(log),
  };
  if (database.dialect === 'postgresql') return { ...common, type: 'postgres', url: database.url };
  const driver = require('libsql');
  return { ...common, type: 'better-sqlite3', database: database.file, driver, enableWAL: true };
}

function entities(dialect) {
  const { EntitySchema } = require('typeorm');
  const id = { type: 'integer', primary: true, generated: true };
  const photo = { type: 'bytes', nullable: true, storage: dialect === 'sqlite' ? 'blob' : 'bytea' };
  const typed = (property, type) => encryptedColumn(property, { type, nullable: true });
  const user = new EntitySchema({
    name: User,
    tableName: 'users',
    columns: {
      id,
      name: { type: 'text' },
      ...encryptedColumn('email', EMAIL),
      ...typed('phone', 'text'),
      ...typed('age', 'integer'),
      ...typed('balance', 'bigint'),
      ...typed('score', 'number'),
      ...typed('active', 'boolean'),
      ...typed('born', 'date'),
      ...typed('profile', 'json'),
      ...encryptedColumn('photo', photo),
    },
    relations: {
      notes: { type: 'one-to-many', target: Note, inverseSide: 'author', cascade: true },
    },
  });
  const note = new EntitySchema({
    name: Note,
    tableName: 'notes',
    columns: { id, ...encryptedColumn('body', { type: 'text', index: {} }) },
    relations: {
      author: {
        type: 'many-to-one',
        target: User,
        joinColumn: { name: 'authorId' },
        nullable: false,
      },
    },
  });
  return [user, note];
}

/** Everything that TypeORM logs, with the parameters of its statements. */
function logger(log) {
  const write = (...parts) => log(parts.map((part) => show(part)).join(' '));
  return {
    logQuery: (query, parameters) => write(query, parameters),
    logQueryError: (error, query, parameters) => write(error, query, parameters),
    logQuerySlow: write,
    logSchemaBuild: write,
    logMigration: write,
    log: (_level, message) => write(message),
  };
}

function show(value) {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

module.exports = { Note, User, entities, optionsFor };
