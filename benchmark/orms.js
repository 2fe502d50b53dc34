'use strict';

// `node --expose-gc benchmark/orms.js`
//
// Measures what an encrypted column costs in each ORM: rows with one encrypted and indexed column, beside
// the same rows without this package, in turn, in an SQLite in a file. Prints the time of a row, and the
// ratio. Of a database that is reached over a network the ratio is nearer to 1.
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const prepare = require('../scripts/prepare');

const ROWS = 100;
const TABLES = ['plain', 'encrypted'];

async function main() {
  prepare.benchmark();
  prepare.orms();
  require('../__test__/orms/support/peers');
  const { inRounds, sequential } = require('./lib/rounds');
  const { PARTIES } = require('./peers/orms');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-orms-'));
  try {
    for (const [name, connect] of Object.entries(PARTIES)) {
      const database = await createDatabase(path.join(folder, `${name}.db`));
      const { close, ...sides } = await connect(database);
      for (const operation of ['write', 'read', 'find']) {
        const calls = TABLES.map((table) => [
          table,
          sequential(() => call(sides[table], operation)),
        ]);
        await inRounds(Object.fromEntries(calls), { rounds: 3, mostRounds: 0 });
        report(
          name,
          operation,
          await inRounds(Object.fromEntries(calls), { quick: true, rounds: 9 }),
        );
      }
      await close();
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes rows in one statement, after those of the last time are gone; reads all; or finds one. */
async function call(side, operation) {
  if (operation === 'read') return side.read();
  if (operation === 'find') return side.find(side.last);
  await side.clear();
  const rows = Array.from({ length: ROWS }, () => ({ email: randomBytes(16).toString('hex') }));
  side.last = rows.at(-1).email;
  return side.write(rows);
}

async function createDatabase(file) {
  const Database = require('libsql');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  for (const table of TABLES) {
    database.exec(
      `create table ${table} (id integer primary key, email text, "emailIndex" text unique)`,
    );
  }
  database.close();
  return file;
}

function report(name, operation, { plain, encrypted }) {
  const rows = operation === 'find' ? 1 : ROWS;
  const micros = (side) => (side.median / rows / 1000).toFixed(1).padStart(8);
  const ratio = (encrypted.median / plain.median).toFixed(2);
  const shown = `${name} ${operation}`.padEnd(16);
  console.log(`${shown}${micros(plain)} µs${micros(encrypted)} µs a row, ${ratio} times`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
