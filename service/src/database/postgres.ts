import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { SECOND } from "../common/durations.js";
import { Database, type Drizzle, type PoolState, type Session } from "./database.js";
import { MIGRATION_LOCK, MIGRATIONS } from "./migrations.js";
import { isUnavailable } from "./unavailable.js";

/** For the daily task, which may take longer and must not hold up requests. */
const BACKGROUND_POOL_SIZE = 4;
const BACKGROUND_TIMEOUT_MS = 30 * SECOND;

/** One connection writes; the others are for those who look. */
const METRICS_POOL_SIZE = 3;
const METRICS_TIMEOUT_MS = 10 * SECOND;

/** A server that is gone without a word answers no statement, so that its timeout is not heard of. */
const SILENCE_MS = 2 * SECOND;

export interface PostgresOptions {
  readonly address: string;
  readonly poolSize: number;
  /** How long to wait for a connection, and then for a statement, of a request. */
  readonly timeoutMs: number;
  /** Is told of each connection that the server or the network ended. */
  onError(error: Error): void;
}

/** A PostgreSQL server, which several instances of the service may share. */
export class PostgresDatabase extends Database {
  override readonly kind = "postgres";
  override readonly orm: Drizzle;
  override readonly background: Drizzle;
  override readonly metrics: Drizzle;
  private readonly pool: pg.Pool;
  private readonly backgroundPool: pg.Pool;
  private readonly metricsPool: pg.Pool;

  constructor(private readonly options: PostgresOptions) {
    super();
    this.pool = createPool(options, options.poolSize, options.timeoutMs);
    this.backgroundPool = createPool(options, BACKGROUND_POOL_SIZE, BACKGROUND_TIMEOUT_MS);
    this.metricsPool = createPool(options, METRICS_POOL_SIZE, METRICS_TIMEOUT_MS);
    this.orm = ormOf(this.pool);
    this.background = ormOf(this.backgroundPool);
    this.metrics = ormOf(this.metricsPool);
  }

  override async migrate(): Promise<void> {
    // No timeouts: a migration, and whoever waits for it, may take as long as it takes.
    const client = new pg.Client({ connectionString: this.options.address });
    client.on("error", this.options.onError);
    await client.connect();
    try {
      await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
      await migrate(drizzle({ client }), { migrationsFolder: MIGRATIONS });
    } finally {
      await client.end();
    }
  }

  override pools(): readonly PoolState[] {
    return [
      stateOf("requests", this.pool),
      stateOf("background", this.backgroundPool),
      stateOf("metrics", this.metricsPool),
    ];
  }

  override async session(): Promise<Session> {
    const client = await this.backgroundPool.connect();
    const lost = new AbortController();
    const lose = () => lost.abort(new Error("Connection terminated: the session is lost"));
    client.once("end", lose);
    return {
      lost: lost.signal,
      query: (text, values) => client.query(text, values),
      // Ended rather than reused, so that whatever the session held is given up.
      release: async () => {
        client.off("end", lose);
        client.release(true);
      },
    };
  }

  override async close(): Promise<void> {
    await Promise.all([this.pool, this.backgroundPool, this.metricsPool].map((pool) => pool.end()));
  }
}

function stateOf(pool: PoolState["pool"], of: pg.Pool): PoolState {
  const { totalCount, idleCount: idle, waitingCount: waiting } = of;
  return { pool, busy: totalCount - idle, idle, waiting };
}

function createPool(
  { address, onError }: PostgresOptions,
  max: number,
  timeoutMs: number,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: address,
    max,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + SILENCE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5 * SECOND,
    application_name: "kms-envelope-service",
  });
  // Without a listener the end of a connection ends the process. The pool listens to idle ones alone.
  pool.on("connect", (client) => client.on("error", onError));
  pool.on("error", () => {});
  return pool;
}

/**
 * Drizzle on a pool. Its own transactions never give a connection back on which `begin` failed, and
 * reuse one after an error of the server.
 */
function ormOf(pool: pg.Pool): Drizzle {
  const orm = drizzle({ client: pool }) as unknown as Drizzle;
  orm.transaction = async (work, config) => {
    const client = await pool.connect();
    let broken = false;
    let failure: unknown;
    try {
      return await (drizzle({ client }) as unknown as Drizzle).transaction(async (transaction) => {
        try {
          return await work(transaction);
        } catch (error) {
          failure = error;
          broken = isUnavailable(error);
          // With a statement under way this cuts the connection, so that `rollback` fails at once.
          if (broken) client.end().catch(() => {});
          throw error;
        }
      }, config);
    } catch (error) {
      // If `rollback` failed, too, what came first is the reason.
      broken ||= isUnavailable(error);
      throw failure ?? error;
    } finally {
      client.release(broken);
    }
  };
  return orm;
}
