import path from "node:path";
import { SECOND } from "../common/durations.js";
import type { Config } from "../config/config.js";
import type { Log } from "../logging/log.js";
import type { Database } from "./database.js";
import { PgliteDatabase } from "./pglite.js";
import { PostgresDatabase } from "./postgres.js";
import { describeFailure } from "./unavailable.js";

/** Opens the database that the settings name, and brings its schema up to date. */
export async function openDatabase(config: Config, log: Log): Promise<Database> {
  const database = config.DATABASE_URL
    ? new PostgresDatabase({
        address: config.DATABASE_URL,
        poolSize: config.DATABASE_POOL_SIZE,
        timeoutMs: config.DATABASE_TIMEOUT_SECONDS * SECOND,
        onError: (error) => log.warn(describeFailure(error), "a database connection ended"),
      })
    : await PgliteDatabase.open(path.join(config.DATA_DIR, "database"));
  try {
    await database.migrate();
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
