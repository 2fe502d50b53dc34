import { and, asc, eq, getTableColumns, getTableName, gt, isNotNull } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Database, Drizzle } from "../database/database.js";
import { dataContext } from "../user-data/data-context.js";
import { storedData } from "../database/schema/data.js";
import { clientKeys, serviceSecrets } from "../database/schema/keys.js";
import type { Context } from "../envelope/sealer.js";
import { secretContext } from "../envelope/service-secrets.js";
import { keyContext } from "../keys/client-key.js";

/** A message as it lies in a row, and what binds it to that row. */
export interface StoredMessage {
  readonly id: string;
  readonly message: Uint8Array;
  readonly context: Context;
}

/** A table with messages. No code of a row covers its message, which has its own. */
export interface MessageTable {
  readonly name: string;
  /** The rows after an id, in the order of ids. */
  read(orm: Drizzle, after: string, count: number): Promise<StoredMessage[]>;
  /** @returns false if the row does not hold the old message any more. */
  replace(orm: Drizzle, old: StoredMessage, message: Uint8Array): Promise<boolean>;
}

/** The messages in one column of a table; where it is null there is none. */
function messagesIn<Row extends { id: string }>(
  table: PgTable & { id: PgColumn },
  property: string,
  contextOf: (row: Row) => Context,
): MessageTable {
  const { id } = table;
  const column = getTableColumns(table as PgTable)[property]!;
  return {
    name: getTableName(table),
    async read(orm, after, count) {
      const rows = (await orm
        .select()
        .from(table as PgTable)
        .where(and(gt(id, after), isNotNull(column)))
        .orderBy(asc(id))
        .limit(count)) as unknown as Row[];
      return rows.map((row) => ({
        id: row.id,
        message: (row as Record<string, unknown>)[property] as Uint8Array,
        context: contextOf(row),
      }));
    },
    async replace(orm, old, message) {
      const replaced = await orm
        .update(table as PgTable)
        .set({ [property]: message })
        .where(and(eq(id, old.id), eq(column, old.message)))
        .returning({ id });
      return replaced.length > 0;
    },
  };
}

/** All that is sealed: the secrets of the service, private keys that are not destroyed, and data. */
export const MESSAGE_TABLES: readonly MessageTable[] = [
  messagesIn(serviceSecrets, "message", secretContext),
  messagesIn(clientKeys, "privateKey", keyContext),
  messagesIn(storedData, "message", dataContext),
];

export interface Batching {
  readonly batch: number;
  /** Ends the work between two batches. */
  readonly signal?: AbortSignal;
}

/** All rows of a table, a batch at a time; also those that come while it goes on. */
export async function* batchesOf(
  table: MessageTable,
  { orm }: Database,
  { batch, signal }: Batching,
): AsyncGenerator<StoredMessage[]> {
  for (let after = ""; ;) {
    signal?.throwIfAborted();
    const rows = await table.read(orm, after, batch);
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.id;
  }
}
