import { EnvelopeError } from "kms-envelope";
import { isOfTheMessage } from "../envelope/sealer.js";
import type { MessageTable, StoredMessage } from "./stored-messages.js";

/** A row whose message cannot be opened. */
export interface FailedRow {
  readonly table: string;
  readonly id: string;
  readonly code: string;
}

/** @throws what no row is to blame for, such as a key service that is away. */
export function failuresOf(
  table: MessageTable,
  rows: readonly StoredMessage[],
  results: readonly PromiseSettledResult<unknown>[],
): FailedRow[] {
  const failed: FailedRow[] = [];
  for (const [i, result] of results.entries()) {
    if (result.status === "fulfilled") continue;
    const { reason } = result;
    if (!(reason instanceof EnvelopeError) || !isOfTheMessage(reason)) throw reason;
    failed.push({ table: table.name, id: rows[i]!.id, code: reason.code });
  }
  return failed;
}
