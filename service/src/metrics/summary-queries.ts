import { and, desc, eq, gt, lte, sql } from "drizzle-orm";
import type { Drizzle } from "../database/database.js";
import { clientKeys, devices } from "../database/schema/keys.js";
import { operationMetrics } from "../database/schema/metrics.js";
import type { DeviceCounts, FailureMetrics, KeyStates, OperationCounts } from "./summary.model.js";

const { deviceId, durationMs, operation, outcome, reason, recordedAt } = operationMetrics;

export interface Span {
  readonly from: Date;
  readonly until: Date;
}

/** What the database counts; `operation` is null in the rows for all of them. */
export interface CountsRow {
  readonly operation: string | null;
  readonly counts: OperationCounts;
}

const percentile = (share: number) =>
  sql<number>`percentile_cont(${sql.raw(String(share))}) within group (order by ${durationMs})`;

const COUNTS = {
  attempts: sql<number>`count(*)::int`,
  failures: sql<number>`(count(*) filter (where ${outcome} = 'failure'))::int`,
  p50Ms: percentile(0.5),
  p95Ms: percentile(0.95),
  p99Ms: percentile(0.99),
};

export const NO_COUNTS = toCounts({
  attempts: 0,
  failures: 0,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
});

/** All operations together, and each kind of them. */
export async function countOperations(orm: Drizzle, span: Span): Promise<CountsRow[]> {
  const rows = await orm
    .select({ operation: nullable(operation), ...COUNTS })
    .from(operationMetrics)
    .where(within(span))
    .groupBy(sql`grouping sets ((), (${operation}))`)
    .orderBy(operation);
  return rows.map((row) => ({ operation: row.operation, counts: toCounts(row) }));
}

/** The same for each step of time, by the number of the step since 1970. */
export async function countOperationsByStep(orm: Drizzle, span: Span, stepMs: number) {
  const step = stepOf(stepMs);
  const rows = await orm
    .select({ step, operation: nullable(operation), ...COUNTS })
    .from(operationMetrics)
    .where(within(span))
    .groupBy(sql`grouping sets ((${step}), (${step}, ${operation}))`)
    .orderBy(operation);
  return rows.map((row) => ({ step: row.step, operation: row.operation, counts: toCounts(row) }));
}

export async function countFailures(orm: Drizzle, span: Span): Promise<FailureMetrics[]> {
  const failures = sql<number>`count(*)::int`;
  return orm
    .select({
      operation,
      reason: sql<string>`coalesce(${reason}, 'UNKNOWN')`,
      failures,
      share: sql<number>`(count(*) / sum(count(*)) over ())::float8`,
    })
    .from(operationMetrics)
    .where(and(within(span), eq(outcome, "failure")))
    .groupBy(operation, reason)
    .orderBy(desc(failures), operation, reason);
}

export async function countFailuresByStep(orm: Drizzle, span: Span, stepMs: number) {
  const step = stepOf(stepMs);
  const failures = sql<number>`count(*)::int`;
  return orm
    .select({ step, reason: sql<string>`coalesce(${reason}, 'UNKNOWN')`, failures })
    .from(operationMetrics)
    .where(and(within(span), eq(outcome, "failure")))
    .groupBy(step, reason)
    .orderBy(desc(failures), reason);
}

export async function countKeys(orm: Drizzle): Promise<KeyStates> {
  const inState = (state: string) =>
    sql<number>`(count(*) filter (where ${clientKeys.state} = ${state}))::int`;
  const [states] = await orm
    .select({
      active: inState("active"),
      decryptOnly: inState("decrypt-only"),
      destroyed: inState("destroyed"),
    })
    .from(clientKeys);
  return states!;
}

export async function countDevices(orm: Drizzle, span: Span): Promise<DeviceCounts> {
  const [seen] = await orm
    .select({ count: sql<number>`count(distinct ${deviceId})::int` })
    .from(operationMetrics)
    .where(within(span));
  return { seen: seen!.count, registered: await orm.$count(devices) };
}

function within({ from, until }: Span) {
  return and(gt(recordedAt, from), lte(recordedAt, until));
}

/** The number itself, not a parameter, so that `select` and `group by` are the same expression. */
function stepOf(stepMs: number) {
  const seconds = sql.raw(String(stepMs / 1000));
  return sql<number>`floor(extract(epoch from ${recordedAt}) / ${seconds})::int`;
}

function nullable(column: typeof operation) {
  return sql<string | null>`${column}`;
}

function toCounts(row: {
  attempts: number;
  failures: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}): OperationCounts {
  const { attempts, failures, p50Ms, p95Ms, p99Ms } = row;
  const successes = attempts - failures;
  if (p50Ms === null || p95Ms === null || p99Ms === null) {
    return { attempts, successes, failures, successRate: null, durations: null };
  }
  const durations = { p50Ms, p95Ms, p99Ms };
  return { attempts, successes, failures, successRate: successes / attempts, durations };
}
