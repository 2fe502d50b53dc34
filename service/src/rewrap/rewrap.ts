import type { Database } from "../database/database.js";
import { failuresOf, type FailedRow } from "./failed-row.js";
import type { MoveKeys } from "./move-keys.js";
import {
  batchesOf,
  MESSAGE_TABLES,
  type Batching,
  type MessageTable,
  type StoredMessage,
} from "./stored-messages.js";

/** Rows written under an old key meanwhile are found by a further pass; more are for nothing. */
const MOST_PASSES = 5;

export interface Counts {
  /** Rows that were looked at. */
  seen: number;
  /** Rows that came under the new key now. */
  moved: number;
  /** Rows that were under it before. */
  already: number;
  /** Rows that were destroyed, or moved by somebody else, meanwhile. */
  gone: number;
  /** Rows that stay under an old key, as something is wrong with them. */
  failed: number;
}

export interface RewrapReport {
  readonly moved: number;
  readonly failed: readonly FailedRow[];
  /** Whether the last pass still found rows to move: somebody goes on writing under an old key. */
  readonly unsettled: boolean;
}

export interface RewrapOptions extends Batching {
  /** Is told after each batch. */
  onBatch?(table: string, counts: Readonly<Counts>): void;
}

/**
 * Brings every stored message under the new key. What is done shows in the messages themselves, so
 * that a move that was cut off is taken up by doing it again. The service may run meanwhile: no row
 * is locked while a key service is asked, and one that has changed since is left as it is.
 *
 * @throws {EnvelopeError} if a key service fails; rows that are broken are reported instead.
 */
export async function rewrap(
  database: Database,
  keys: MoveKeys,
  options: RewrapOptions,
): Promise<RewrapReport> {
  let moved = 0;
  for (let pass = 1; ; pass++) {
    const failed: FailedRow[] = [];
    let found = 0;
    for (const table of MESSAGE_TABLES) {
      found += await moveTable(database, keys, table, options, failed);
    }
    moved += found;
    if (found === 0 || pass === MOST_PASSES) return { moved, failed, unsettled: found > 0 };
  }
}

/** @returns how many rows were moved. */
async function moveTable(
  database: Database,
  keys: MoveKeys,
  table: MessageTable,
  options: RewrapOptions,
  failed: FailedRow[],
): Promise<number> {
  const counts: Counts = { seen: 0, moved: 0, already: 0, gone: 0, failed: 0 };
  for await (const rows of batchesOf(table, database, options)) {
    const failures = await moveBatch(database, keys, table, rows, counts);
    failed.push(...failures);
    counts.failed += failures.length;
    options.onBatch?.(table.name, counts);
  }
  return counts.moved;
}

async function moveBatch(
  database: Database,
  keys: MoveKeys,
  table: MessageTable,
  rows: readonly StoredMessage[],
  counts: Counts,
): Promise<FailedRow[]> {
  const due = rows.filter(({ message }) => !keys.isMoved(message));
  const results = await Promise.allSettled(due.map((row) => keys.move(row)));
  // In the order of ids, as whoever else changes several rows.
  await database.orm.transaction(async (transaction) => {
    for (const [i, result] of results.entries()) {
      if (result.status === "rejected") continue;
      const replaced = await table.replace(transaction, due[i]!, result.value);
      counts[replaced ? "moved" : "gone"]++;
    }
  });
  counts.seen += rows.length;
  counts.already += rows.length - due.length;
  return failuresOf(table, due, results);
}
