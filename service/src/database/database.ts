import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT, PgTransaction } from "drizzle-orm/pg-core";

type Schema = Record<string, never>;

/** Drizzle on either database; a transaction has the same methods. */
export type Drizzle = PgDatabase<PgQueryResultHKT, Schema>;
export type Transaction = PgTransaction<
  PgQueryResultHKT,
  Schema,
  ExtractTablesWithRelations<Schema>
>;

/** A database session that holds what belongs to a session, such as an advisory lock. */
export interface Session {
  /** Aborted when the connection ends, and with it what the session holds. */
  readonly lost: AbortSignal;
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  release(): Promise<void>;
}

export interface PoolState {
  readonly pool: "requests" | "background" | "metrics";
  readonly busy: number;
  readonly idle: number;
  /** Who waits for a connection. */
  readonly waiting: number;
}

/** The database: PostgreSQL, or PGlite in a folder. */
export abstract class Database {
  abstract readonly kind: "postgres" | "pglite";
  /** For requests: a statement that takes too long is cut off before clients give up. */
  abstract readonly orm: Drizzle;
  /** For what may take longer, on connections of its own. */
  abstract readonly background: Drizzle;
  /** For metrics and the audit log alone, so that whoever looks at them holds up nothing else. */
  abstract readonly metrics: Drizzle;
  /** Brings the schema up to date, once among all instances. */
  abstract migrate(): Promise<void>;
  /** What the connections of each pool do now. */
  abstract pools(): readonly PoolState[];
  abstract session(): Promise<Session>;
  abstract close(): Promise<void>;
}
