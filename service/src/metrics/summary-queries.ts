import { and, eq, gte, lt, or, sql, type SQL } from "drizzle-orm";
import type { Drizzle } from "../database/database.js";
import { clientKeys, devices } from "../database/schema/keys.js";
import { keyUsage, metricCounts, metricDurations } from "../database/schema/metrics.js";
import { ceilTo, floorTo, STEP_MINUTES } from "./steps.js";
import type { DeviceCounts, KeyStates } from "./summary.model.js";

/** What is summed up: whole minutes, cut into pieces. */
export interface Pieces {
  readonly from: Date;
  readonly until: Date;
  /** What is counted at a step that begins later is left out. */
  readonly countedUntil: Date;
  readonly stepMs: number;
  /** The longest step to read counts of, in minutes. */
  readonly counted: number;
}

/** How often each operation ended in each way, by the number of the piece since 1970. */
export function countOperations(orm: Drizzle, pieces: Pieces) {
  const piece = pieceOf(metricCounts.at, pieces);
  return orm
    .select({
      piece,
      operation: metricCounts.operation,
      code: metricCounts.code,
      count: sql<number>`sum(${metricCounts.count})::float8`,
    })
    .from(metricCounts)
    .where(within(metricCounts, pieces))
    .groupBy(piece, metricCounts.operation, metricCounts.code);
}

/** How many operations took how long: the histogram of each operation and step, with the piece that it is of. */
export function readDurations(orm: Drizzle, pieces: Pieces) {
  const { operation, counts, at } = metricDurations;
  return orm
    .select({ piece: pieceOf(at, pieces), operation, counts })
    .from(metricDurations)
    .where(within(metricDurations, pieces));
}

export async function countKeys(orm: Drizzle): Promise<KeyStates> {
  const rows = await orm
    .select({ state: clientKeys.state, count: sql<number>`count(*)::int` })
    .from(clientKeys)
    .groupBy(clientKeys.state);
  const inState = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
  return {
    active: inState("active"),
    decryptOnly: inState("decrypt-only"),
    destroyed: inState("destroyed"),
  };
}

export async function countDevices(orm: Drizzle, from: Date): Promise<DeviceCounts> {
  // Grouped, since `count(distinct ...)` sorts.
  const seen = orm
    .select({ deviceId: keyUsage.deviceId })
    .from(keyUsage)
    .where(gte(keyUsage.seenAt, from))
    .groupBy(keyUsage.deviceId);
  return { seen: await orm.$count(seen.as("seen")), registered: await orm.$count(devices) };
}

/** Days where there are whole ones, else hours, else minutes, at both ends. */
function within(
  table: typeof metricCounts | typeof metricDurations,
  { from, countedUntil, counted }: Pieces,
): SQL | undefined {
  const parts: (SQL | undefined)[] = [];
  const add = (step: number, start: Date, end: Date) => {
    if (start < end) parts.push(and(eq(table.step, step), gte(table.at, start), lt(table.at, end)));
  };
  let covered: { start: Date; end: Date } | undefined;
  for (const step of STEP_MINUTES.filter((minutes) => minutes <= counted).reverse()) {
    const start = ceilTo(from, step);
    const end = floorTo(countedUntil, step);
    if (start >= end) continue;
    add(step, start, covered?.start ?? end);
    if (covered) add(step, covered.end, end);
    covered = { start, end };
  }
  return parts.length > 0 ? or(...parts) : sql`false`;
}

/** The number itself, not a parameter, so that `select` and `group by` are the same expression. */
function pieceOf(
  at: typeof metricCounts.at | typeof metricDurations.at,
  { stepMs }: Pick<Pieces, "stepMs">,
) {
  const seconds = sql.raw(String(stepMs / 1000));
  return sql<number>`floor(date_part('epoch', ${at}) / ${seconds})::int`;
}
