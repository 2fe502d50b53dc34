'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { startPostgres } = require('../../support/postgres');

/** In every plaintext that a test stores in an encrypted column. */
const MARK = 'xyzzy';

/** The tables of the tests: every encrypted column is text, but for `photo`. */
function tables(dialect) {
  const id = dialect === 'postgresql' ? 'serial primary key' : 'integer primary key';
  const bytes = dialect === 'postgresql' ? 'bytea' : 'blob';
  const json = dialect === 'postgresql' ? 'jsonb' : 'text';
  return [
    `create table users (id ${id}, name text not null, email text, "emailIndex" text unique, phone text,
      age text, balance text, score text, active text, born text, profile text, photo ${bytes}, extra ${json})`,
    `create table notes (id ${id}, "authorId" integer not null references users (id), body text not null,
      "bodyIndex" text)`,
  ];
}

/** A PostgreSQL that logs every statement, with the tables of the tests. */
async function openPostgres() {
  const { Client } = require('pg');
  const server = await startPostgres(['log_statement=all', 'log_min_error_statement=error']);
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const sql = async (text, values) => (await client.query(text, values)).rows;
  for (const table of tables('postgresql')) await sql(table);
  return {
    dialect: 'postgresql',
    url: server.url,
    folder: server.folder,
    sql,
    clear: () => sql('truncate notes, users restart identity'),
    flush: () => sql('checkpoint'),
    async close() {
      await client.end();
      server.stop();
    },
  };
}

/** An SQLite with a write-ahead log, with the tables of the tests. */
async function openSqlite() {
  const Database = require('libsql');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-orms-'));
  const file = path.join(folder, 'test.db');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  const sql = async (text, values = []) => {
    const statement = database.prepare(text);
    return statement.reader ? statement.all(...values) : statement.run(...values);
  };
  for (const table of tables('sqlite')) await sql(table);
  return {
    dialect: 'sqlite',
    file,
    folder,
    sql,
    async clear() {
      await sql('delete from notes');
      await sql('delete from users');
    },
    flush: async () => {},
    async close() {
      database.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The files under a folder that hold the mark of plaintexts, as text or in hexadecimal. */
function filesWithPlaintext(folder) {
  const needles = [MARK, Buffer.from(MARK).toString('hex')];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => {
      const content = fs.readFileSync(file);
      return needles.some((needle) => content.includes(needle));
    });
}

module.exports = { MARK, filesWithPlaintext, openPostgres, openSqlite };
