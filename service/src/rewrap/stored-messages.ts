import { and, asc, eq, gt, isNotNull } from "drizzle-orm";
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

const secrets: MessageTable = {
  name: "service_secrets",
  async read(orm, after, count) {
    const rows = await orm
      .select()
      .from(serviceSecrets)
      .where(gt(serviceSecrets.id, after))
      .orderBy(asc(serviceSecrets.id))
      .limit(count);
    return rows.map((row) => ({ id: row.id, message: row.message, context: secretContext(row) }));
  },
  async replace(orm, old, message) {
    const isOld = and(eq(serviceSecrets.id, old.id), eq(serviceSecrets.message, old.message));
    const { id } = serviceSecrets;
    return (
      (await orm.update(serviceSecrets).set({ message }).where(isOld).returning({ id })).length > 0
    );
  },
};

const keys: MessageTable = {
  name: "client_keys",
  async read(orm, after, count) {
    const rows = await orm
      .select()
      .from(clientKeys)
      .where(and(gt(clientKeys.id, after), isNotNull(clientKeys.privateKey)))
      .orderBy(asc(clientKeys.id))
      .limit(count);
    return rows.map((row) => ({ id: row.id, message: row.privateKey!, context: keyContext(row) }));
  },
  async replace(orm, old, privateKey) {
    const isOld = and(eq(clientKeys.id, old.id), eq(clientKeys.privateKey, old.message));
    const { id } = clientKeys;
    return (
      (await orm.update(clientKeys).set({ privateKey }).where(isOld).returning({ id })).length > 0
    );
  },
};

const data: MessageTable = {
  name: "stored_data",
  async read(orm, after, count) {
    const rows = await orm
      .select()
      .from(storedData)
      .where(gt(storedData.id, after))
      .orderBy(asc(storedData.id))
      .limit(count);
    return rows.map((row) => ({ id: row.id, message: row.message, context: dataContext(row) }));
  },
  async replace(orm, old, message) {
    const isOld = and(eq(storedData.id, old.id), eq(storedData.message, old.message));
    const { id } = storedData;
    return (
      (await orm.update(storedData).set({ message }).where(isOld).returning({ id })).length > 0
    );
  },
};

/** All that is sealed: the secrets of the service, private keys that are not destroyed, and data. */
export const MESSAGE_TABLES: readonly MessageTable[] = [secrets, keys, data];

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
