import { Injectable } from "@nestjs/common";
import { and, eq } from "drizzle-orm";
import { ServiceError } from "../common/service-error.js";
import { sortableId } from "../common/sortable-id.js";
import { Config } from "../config/config.js";
import { Database, type Drizzle, type Transaction } from "../database/database.js";
import { storedData } from "../database/schema/data.js";
import { Sealer } from "../envelope/sealer.js";
import { dataContext } from "./data-context.js";

/** The data that users have stored, sealed under the key service. */
@Injectable()
export class DataStore {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly sealer: Sealer,
  ) {}

  /** The data's id, also of what is not stored yet, and the data sealed for it. */
  async seal(userId: string, name: string, data: Uint8Array, now: Date) {
    const row = await this.find(this.database.orm, userId, name);
    const id = row?.id ?? sortableId(now);
    return { id, message: await this.sealer.seal(data, dataContext({ id, userId, name })) };
  }

  /**
   * Stores what was sealed, in a transaction that holds the user's lock.
   *
   * @throws {ServiceError} `DATA_LIMIT_REACHED`; `DATA_CHANGED` if somebody else stored it meanwhile.
   */
  async put(transaction: Transaction, row: typeof storedData.$inferInsert): Promise<void> {
    const { id, userId, name, message, storedAt } = row;
    const known = await this.find(transaction, userId, name);
    if (known && known.id !== id) {
      throw new ServiceError("DATA_CHANGED", "It was stored at the same time; try again.");
    }
    const most = this.config.DATA_MAX_ITEMS;
    if (!known && (await transaction.$count(storedData, eq(storedData.userId, userId))) >= most) {
      throw new ServiceError("DATA_LIMIT_REACHED", `A user stores at most ${most} pieces of data.`);
    }
    await transaction
      .insert(storedData)
      .values(row)
      .onConflictDoUpdate({ target: storedData.id, set: { message, storedAt } });
  }

  /** @throws {ServiceError} `DATA_NOT_FOUND`, `DATA_UNUSABLE`. */
  async get(userId: string, name: string): Promise<{ data: Buffer; storedAt: Date }> {
    const row = await this.find(this.database.orm, userId, name);
    if (!row) throw new ServiceError("DATA_NOT_FOUND", "You have stored nothing by this name.");
    try {
      return {
        data: await this.sealer.open(row.message, dataContext(row)),
        storedAt: row.storedAt,
      };
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== "KEY_UNUSABLE") throw error;
      throw new ServiceError(
        "DATA_UNUSABLE",
        "The stored data cannot be used.",
        {},
        error.originalError,
      );
    }
  }

  /** @returns whether there was something by this name. */
  async remove(userId: string, name: string): Promise<boolean> {
    const named = and(eq(storedData.userId, userId), eq(storedData.name, name));
    const gone = await this.database.orm.delete(storedData).where(named).returning();
    return gone.length > 0;
  }

  private async find(orm: Drizzle, userId: string, name: string) {
    const named = and(eq(storedData.userId, userId), eq(storedData.name, name));
    const [row] = await orm.select().from(storedData).where(named);
    return row;
  }
}
