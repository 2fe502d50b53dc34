import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import { sql } from "drizzle-orm";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { migrate as migratePg } from "drizzle-orm/node-postgres/migrator";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { migrate as migratePglite } from "drizzle-orm/pglite/migrator";
import pg from "pg";
import { loadConfig } from "../src/config/config.js";
import { MIGRATIONS } from "../src/database/migrations.js";
import { openDatabase } from "../src/database/open.js";
import { bucketOf } from "../src/metrics/histogram.js";
import { createLog } from "../src/logging/log.js";
import { createTestDatabase } from "./support/test-database.js";

/** What the schema was before, with rows in it as they were written then. */
const FORMER_MIGRATIONS = 2;
const ROWS = [
  "INSERT INTO devices VALUES ('phone', 'ada', '1', now(), 'mac')",
  `INSERT INTO client_keys SELECT state, 'phone', 'ada', 'RSA-OAEP-256', 2048, 'public',
     CASE WHEN state = 'destroyed' THEN NULL ELSE '\\x00'::bytea END, state, now(), now(), NULL, NULL, 'mac'
   FROM unnest(ARRAY['active', 'decrypt-only', 'destroyed']) AS state`,
  `INSERT INTO operation_metrics (recorded_at, operation, outcome, reason, duration_ms, key_id, device_id, user_id)
   SELECT now(), 'decrypt', CASE WHEN n = 1 THEN 'failure' ELSE 'success' END,
     CASE WHEN n = 1 THEN 'PAYLOAD_INVALID' END, 100, 'active', 'phone', 'ada' FROM generate_series(1, 5) AS n`,
];

/** The first migrations alone, in a folder of their own. */
function formerMigrations(folder: string): string {
  const former = path.join(folder, "migrations");
  cpSync(MIGRATIONS, former, { recursive: true });
  const file = path.join(former, "meta/_journal.json");
  const journal = JSON.parse(readFileSync(file, "utf8")) as { entries: unknown[] };
  journal.entries = journal.entries.slice(0, FORMER_MIGRATIONS);
  writeFileSync(file, JSON.stringify(journal));
  return former;
}

async function writeFormer(folder: string, url: string | undefined): Promise<void> {
  const migrationsFolder = formerMigrations(folder);
  if (url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await migratePg(drizzlePg({ client }), { migrationsFolder });
    for (const row of ROWS) await client.query(row);
    await client.end();
    return;
  }
  const client = await PGlite.create(path.join(folder, "database"));
  await migratePglite(drizzlePglite({ client }), { migrationsFolder });
  for (const row of ROWS) await client.query(row);
  await client.close();
}

test("a database of the former schema is brought up to date, with all its rows", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-migrations-"));
  const testDatabase = await createTestDatabase();
  try {
    await writeFormer(folder, testDatabase?.url);
    const config = loadConfig({
      NODE_ENV: "test",
      DATA_DIR: folder,
      DATABASE_URL: testDatabase?.url,
    });
    const database = await openDatabase(config, createLog("silent"));
    try {
      const query = sql`SELECT count(*)::int AS n, count(private_key)::int AS keys,
        (SELECT count(*)::int FROM pg_indexes WHERE indexname = 'client_keys_grace') AS indexes
        FROM client_keys`;
      const { rows } = (await database.orm.execute(query)) as unknown as { rows: object[] };
      assert.deepEqual(rows[0], { n: 3, keys: 2, indexes: 1 });
      const counted = sql`SELECT usage_count::int AS used, failure_count::int AS failed,
        (SELECT sum(count)::int FROM metric_counts WHERE step = 5) AS counted,
        (SELECT counts FROM metric_durations WHERE step = 5) AS durations,
        (SELECT count(*)::int FROM audit_log WHERE times = 1) AS logged FROM key_usage`;
      const usage = (await database.orm.execute(counted)) as unknown as { rows: object[] };
      const durations = { [bucketOf(100)]: 5 };
      assert.deepEqual(usage.rows, [{ used: 4, failed: 1, counted: 5, durations, logged: 5 }]);
    } finally {
      await database.close();
    }
  } finally {
    await testDatabase?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
});
