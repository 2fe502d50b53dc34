// A process with a store of branch keys over a database, of an example: it does what each line of its
// input says, and answers with a line. It may be told to kill itself on the way.
import { setTimeout as sleep } from 'node:timers/promises';
import { createRequire } from 'node:module';
import readline from 'node:readline';
import library from '../../index.js';

const { BranchKeyStore, Envelope, HierarchicalKeyring } = library;

const [kind, place, kmsKeyId] = process.argv.slice(2);
/** Which statement of a transaction it dies before, if any; and how long each waits, in PostgreSQL. */
let dieBefore;
let statements;
let pauseMs = 0;

async function openStorage() {
  const folder = new URL('../../examples/', import.meta.url);
  if (kind === 'postgresql') {
    const { PostgresBranchKeyStorage } = await import(new URL('branch-keys-postgresql.ts', folder));
    const { Pool } = createRequire(new URL('package.json', folder))('pg');
    const pool = new Pool({ connectionString: place });
    const connect = pool.connect.bind(pool);
    pool.connect = async (...args) => {
      const client = await connect(...args);
      if (args.length === 0 && !client.steps) withSteps(client, 'query');
      return client;
    };
    return new PostgresBranchKeyStorage(pool);
  }
  const { DatabaseSync } = await import('node:sqlite');
  const { SqliteBranchKeyStorage } = await import(new URL('branch-keys-sqlite.ts', folder));
  const database = new DatabaseSync(place, { timeout: 5000 });
  withSteps(database, 'exec', 'prepare');
  return new SqliteBranchKeyStorage(database);
}

/** Counts the statements of a transaction, and dies before the one that was asked for. */
function withSteps(connection, ...names) {
  connection.steps = true;
  for (const name of names) {
    const original = connection[name].bind(connection);
    connection[name] = (...args) => {
      if (args[0].startsWith('BEGIN')) statements = 0;
      if (statements++ === dieBefore) process.kill(process.pid, 'SIGKILL');
      if (pauseMs === 0 || kind === 'sqlite') return original(...args);
      return sleep(pauseMs).then(() => original(...args));
    };
  }
}

const storage = await openStorage();
const store = new BranchKeyStore({ storage, logicalName: 'tenants', kmsKeyId });
const envelopeOf = (branchKeyId) =>
  new Envelope({ keyring: new HierarchicalKeyring({ branchKeyStore: store, branchKeyId }) });

const operations = {
  createTable: () => store.createTable(),
  create: (options) => store.create(options),
  rotate: (id) => store.rotate(id),
  describe: (id) => store.describe(id),
  destroy: (id) => store.destroy(id),
  list: () => store.list(),
  encrypt: async (id, text) => (await envelopeOf(id).encrypt(text)).toString('base64'),
  decrypt: async (id, text) => String(await envelopeOf(id).decrypt(Buffer.from(text, 'base64'))),
  types: async (id) => (await storage.items(id)).map(({ type }) => type).sort(),
  slow: (milliseconds) => void (pauseMs = milliseconds),
  dieBefore: (statement) => void (dieBefore = statement),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, operation, args } = JSON.parse(line);
  Promise.resolve(operations[operation](...args)).then(
    (value) => console.log(JSON.stringify({ id, value })),
    ({ code, message }) => console.log(JSON.stringify({ id, code, message })),
  );
}
process.exit();
