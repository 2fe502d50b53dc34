import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Transaction } from "./database.js";

/** Waits for the locks of these names, and holds them until the transaction ends. */
export async function lockNames(transaction: Transaction, names: readonly string[]): Promise<void> {
  // One order for everybody, so that no two wait for each other.
  const numbers = names.map(lockNumber).sort((a, b) => (a < b ? -1 : 1));
  for (const number of numbers) {
    await transaction.execute(sql`SELECT pg_advisory_xact_lock(${number.toString()}::bigint)`);
  }
}

export function lockNumber(name: string): bigint {
  return createHash("sha256").update(name).digest().readBigInt64BE(0);
}
