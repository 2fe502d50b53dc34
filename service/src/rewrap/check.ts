import type { Database } from "../database/database.js";
import { failuresOf, type FailedRow } from "./failed-row.js";
import type { MoveKeys } from "./move-keys.js";
import { batchesOf, MESSAGE_TABLES, type Batching } from "./stored-messages.js";

export interface CheckReport {
  readonly opened: number;
  readonly failed: readonly FailedRow[];
}

/** Opens every stored message with the new key alone: whether the old one is needed any more. */
export async function check(
  database: Database,
  keys: MoveKeys,
  options: Batching,
): Promise<CheckReport> {
  let opened = 0;
  const failed: FailedRow[] = [];
  for (const table of MESSAGE_TABLES) {
    for await (const rows of batchesOf(table, database, options)) {
      const results = await Promise.allSettled(rows.map((row) => keys.check(row)));
      const failures = failuresOf(table, rows, results);
      opened += rows.length - failures.length;
      failed.push(...failures);
    }
  }
  return { opened, failed };
}
