import { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { migrate } from "drizzle-orm/pglite/migrator";
import { Database, type Drizzle, type PoolState, type Session } from "./database.js";
import { FolderLock } from "./folder-lock.js";
import { MIGRATIONS } from "./migrations.js";

/** PostgreSQL inside this process, with its files in a folder that no other process may open. */
export class PgliteDatabase extends Database {
  override readonly kind = "pglite";
  override readonly orm: Drizzle;
  override readonly background: Drizzle;
  override readonly metrics: Drizzle;

  private constructor(
    private readonly client: PGlite,
    private readonly lock: FolderLock,
  ) {
    super();
    this.orm = drizzle({ client }) as unknown as Drizzle;
    this.background = this.orm;
    this.metrics = this.orm;
  }

  /** @throws {Error} if another process has the folder open. */
  static async open(folder: string): Promise<PgliteDatabase> {
    const lock = FolderLock.take(folder);
    try {
      return new PgliteDatabase(await PGlite.create(folder), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  override async migrate(): Promise<void> {
    await migrate(drizzle({ client: this.client }), { migrationsFolder: MIGRATIONS });
  }

  override pools(): readonly PoolState[] {
    return [];
  }

  override async session(): Promise<Session> {
    return {
      lost: new AbortController().signal,
      query: (text, values) => this.client.query<Record<string, unknown>>(text, values),
      release: async () => {},
    };
  }

  override async close(): Promise<void> {
    await this.client.close();
    this.lock.release();
  }
}
