import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { Database, type Drizzle, type Session } from "./database.js";
import { MIGRATION_LOCK, MIGRATIONS } from "./migrations.js";

/** A PostgreSQL server, which several instances of the service may share. */
export class PostgresDatabase extends Database {
  override readonly kind = "postgres";
  override readonly orm: Drizzle;
  private readonly pool: pg.Pool;

  constructor(address: string, poolSize: number, onError: (error: Error) => void) {
    super();
    this.pool = new pg.Pool({
      connectionString: address,
      max: poolSize,
      connectionTimeoutMillis: 10_000,
      statement_timeout: 30_000,
      application_name: "kms-envelope-service",
    });
    // An idle connection that the server ended is replaced; without a listener it ends the process.
    this.pool.on("error", onError);
    this.orm = drizzle({ client: this.pool }) as unknown as Drizzle;
  }

  override async migrate(): Promise<void> {
    const client = await this.pool.connect();
    try {
      // A migration, and whoever waits for it, may take as long as it takes.
      await client.query("SET statement_timeout = 0");
      await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
      await migrate(drizzle({ client }), { migrationsFolder: MIGRATIONS });
    } finally {
      client.release(true);
    }
  }

  override async session(): Promise<Session> {
    const client = await this.pool.connect();
    return {
      query: (text, values) => client.query(text, values),
      // Ended rather than reused, so that whatever the session held is given up.
      release: async () => client.release(true),
    };
  }

  override close(): Promise<void> {
    return this.pool.end();
  }
}
