import type { auditLog } from "../database/schema/metrics.js";
import { bucketOf } from "./histogram.js";

export type AuditRow = typeof auditLog.$inferInsert & { times: number };

/** A row of the audit log on its way to the database, with how long each operation took. */
export interface MetricEntry {
  readonly row: AuditRow;
  readonly buckets: Map<number, number>;
}

export function entryOf(row: Omit<AuditRow, "times">): MetricEntry {
  return { row: { ...row, times: 1 }, buckets: new Map([[bucketOf(row.durationMs), 1]]) };
}

/** Lets one row stand for one operation more, which was like it. */
export function addTo({ row, buckets }: MetricEntry, durationMs: number): void {
  row.times += 1;
  const bucket = bucketOf(durationMs);
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
}
