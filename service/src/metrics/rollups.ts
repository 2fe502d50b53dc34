import { sql, type SQLWrapper } from "drizzle-orm";
import type { Drizzle } from "../database/database.js";
import { metricCounts, metricDurations } from "../database/schema/metrics.js";
import type { MetricEntry } from "./metric-entry.js";
import { floorTo, STEP_MINUTES } from "./steps.js";

/** Adds entries to the counts of the minutes, hour and day that they are in; in the transaction that writes them. */
export async function addToRollups(orm: Drizzle, entries: readonly MetricEntry[]): Promise<void> {
  await addCounts(orm, entries);
  await addDurations(orm, entries);
}

async function addCounts(orm: Drizzle, entries: readonly MetricEntry[]): Promise<void> {
  const rows = new Rows<typeof metricCounts.$inferInsert>();
  for (const { row } of entries) {
    const { operation, code, times } = row;
    for (const step of STEP_MINUTES) {
      const at = floorTo(row.recordedAt, step);
      rows.at({ step, at, operation, code: code ?? "" }, { count: 0 }).count += times;
    }
  }
  const { step, at, operation, code, count } = metricCounts;
  await orm
    .insert(metricCounts)
    .values(rows.sorted())
    .onConflictDoUpdate({
      target: [step, at, operation, code],
      set: { count: sql`${count} + excluded.count` },
    });
}

async function addDurations(orm: Drizzle, entries: readonly MetricEntry[]): Promise<void> {
  const rows = new Rows<Durations & Omit<typeof metricDurations.$inferInsert, "counts">>();
  for (const { row, buckets } of entries) {
    const { operation } = row;
    for (const step of STEP_MINUTES) {
      const at = floorTo(row.recordedAt, step);
      const { counts } = rows.at({ step, at, operation }, { counts: {} });
      for (const [bucket, count] of buckets) counts[bucket] = (counts[bucket] ?? 0) + count;
    }
  }
  const { step, at, operation, counts } = metricDurations;
  await orm
    .insert(metricDurations)
    .values(rows.sorted())
    .onConflictDoUpdate({
      target: [step, at, operation],
      set: { counts: sumOfObjects(counts, sql`excluded.counts`) },
    });
}

interface Durations {
  counts: Record<number, number>;
}

/** JSON objects of numbers, added up by their names. */
function sumOfObjects(first: SQLWrapper, second: SQLWrapper) {
  return sql`(
    select jsonb_object_agg(name, total) from (
      select name, sum(number::bigint) as total from (
        select * from jsonb_each_text(${first}) union all select * from jsonb_each_text(${second})
      ) as numbers (name, number) group by name
    ) as totals
  )`;
}

/** Rows by what tells them apart; in one order for all, so that no two writers wait for each other. */
class Rows<Row extends object> {
  private readonly rows = new Map<string, Row>();

  /** The row with this identity, which begins with `empty`. */
  at<Empty extends Partial<Row>>(identity: Omit<Row, keyof Empty>, empty: Empty): Row {
    const key = JSON.stringify(identity);
    const row = this.rows.get(key) ?? ({ ...identity, ...empty } as unknown as Row);
    this.rows.set(key, row);
    return row;
  }

  sorted(): Row[] {
    return [...this.rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}
