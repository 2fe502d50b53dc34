import { sql } from "drizzle-orm";
import type { Drizzle } from "../database/database.js";
import { metricCounts, metricDurations } from "../database/schema/metrics.js";
import type { MetricEntry } from "./metric-entry.js";
import { floorTo, STEP_MINUTES } from "./steps.js";

/** Adds entries to the counts of their minute, hour and day; in the transaction that writes them. */
export async function addToRollups(orm: Drizzle, entries: readonly MetricEntry[]): Promise<void> {
  const counts = new Sums<typeof metricCounts.$inferInsert>();
  const durations = new Sums<typeof metricDurations.$inferInsert>();
  for (const { row, buckets } of entries) {
    const { operation, code } = row;
    for (const step of STEP_MINUTES) {
      const at = floorTo(row.recordedAt, step);
      counts.add({ step, at, operation, code: code ?? "", count: row.times });
      for (const [bucket, count] of buckets) durations.add({ step, at, operation, bucket, count });
    }
  }
  await orm
    .insert(metricCounts)
    .values(counts.sorted())
    .onConflictDoUpdate({
      target: [metricCounts.step, metricCounts.at, metricCounts.operation, metricCounts.code],
      set: { count: sql`${metricCounts.count} + excluded.count` },
    });
  const { step, at, operation, bucket, count } = metricDurations;
  await orm
    .insert(metricDurations)
    .values(durations.sorted())
    .onConflictDoUpdate({
      target: [step, at, operation, bucket],
      set: { count: sql`${count} + excluded.count` },
    });
}

/** Rows that differ in more than their counts; in one order for all, so that no two writers wait for each other. */
class Sums<Row extends { count: number }> {
  private readonly rows = new Map<string, Row>();

  add(row: Row): void {
    const key = JSON.stringify({ ...row, count: 0 });
    const known = this.rows.get(key);
    if (known) known.count += row.count;
    else this.rows.set(key, row);
  }

  sorted(): Row[] {
    return [...this.rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}
