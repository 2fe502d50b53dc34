import { randomBytes } from "node:crypto";
import { cpSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { loadConfig } from "../../src/config/config.js";
import { openDatabase } from "../../src/database/open.js";
import { createLog } from "../../src/logging/log.js";

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A new database of the server that `TEST_DATABASE_URL` names; none where that is not set. */
export async function createTestDatabase(
  server = process.env.TEST_DATABASE_URL,
): Promise<TestDatabase | undefined> {
  if (!server) return undefined;
  const name = `test_${randomBytes(6).toString("hex")}`;
  await run(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Makes an empty database of the current schema in the data folder of a service that uses PGlite. */
export async function makeDatabase(dataDir: string): Promise<void> {
  const config = loadConfig({ NODE_ENV: "test", DATA_DIR: dataDir });
  const database = await openDatabase(config, createLog("silent"));
  await database.close();
}

/**
 * Puts a copy of the one that was made for all tests into a data folder, since making one takes seconds; that
 * is nothing where tests run without one, or on PostgreSQL.
 */
export function copyDatabase(dataDir: string): void {
  const { TEST_DATABASE_FOLDER: folder, TEST_DATABASE_URL: server } = process.env;
  if (!folder || server) return;
  cpSync(path.join(folder, "database"), path.join(dataDir, "database"), { recursive: true });
}

async function run(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
