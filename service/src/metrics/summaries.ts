import { Injectable } from "@nestjs/common";
import { HOUR } from "../common/durations.js";
import { Database, type Drizzle } from "../database/database.js";
import { isOfTheService } from "./blame.js";
import { cutIntoBuckets, type Buckets } from "./buckets.js";
import { ProblemKeys } from "./problem-keys.js";
import { TimeframeRules, type Timeframe } from "./timeframe.js";
import * as queries from "./summary-queries.js";
import type {
  EncryptionMetricsSummary,
  FailureMetrics,
  MetricsPeriod,
  OperationCounts,
  OperationMetrics,
} from "./summary.model.js";
import { Tallies } from "./tally.js";

/** Sums up what the service did: for the GraphQL query, and for the dashboard. */
@Injectable()
export class Summaries {
  private readonly running = new Map<string, Promise<EncryptionMetricsSummary>>();

  constructor(
    private readonly rules: TimeframeRules,
    private readonly database: Database,
    private readonly problemKeys: ProblemKeys,
  ) {}

  /** However many ask for the same at the same time, the database is asked once. */
  async summarize(timeframe: number | Timeframe): Promise<EncryptionMetricsSummary> {
    const asked = typeof timeframe === "number" ? { hours: timeframe } : timeframe;
    this.rules.check(asked);
    const key = JSON.stringify(asked);
    const running = this.running.get(key) ?? this.query(asked);
    this.running.set(key, running);
    try {
      return await running;
    } finally {
      this.running.delete(key);
    }
  }

  private query(asked: Timeframe): Promise<EncryptionMetricsSummary> {
    const { from, until, countedUntil } = this.rules.spanOf(asked);
    const buckets = cutIntoBuckets(from, until, until >= countedUntil);
    const { stepMs, counted } = buckets;
    const pieces = { from, until, countedUntil, stepMs, counted };
    // One snapshot, so that the parts add up to the totals.
    return this.database.metrics.transaction(
      async (orm) => ({
        timeframeHours: asked.hours ?? (until.getTime() - from.getTime()) / HOUR,
        from,
        until,
        stepSeconds: buckets.stepMs / 1000,
        ...(await operationsOf(orm, pieces, buckets)),
        keys: await queries.countKeys(orm),
        devices: await queries.countDevices(orm, from),
        problemKeyRule: this.problemKeys.rule,
        problemKeys: await this.problemKeys.find(orm),
      }),
      { isolationLevel: "repeatable read", accessMode: "read only" },
    );
  }
}

/** The totals, the same by operation and by reason, and in pieces. */
async function operationsOf(orm: Drizzle, pieces: queries.Pieces, { stepMs, starts }: Buckets) {
  const whole = new Sums();
  const byPiece = new Map(starts.map((from) => [from.getTime() / stepMs, new Sums()]));
  for (const row of await queries.countOperations(orm, pieces)) {
    for (const sums of [whole, byPiece.get(row.piece)]) sums?.count(row);
  }
  for (const row of await queries.readDurations(orm, pieces)) {
    for (const sums of [whole, byPiece.get(row.piece)]) sums?.time(row);
  }
  return {
    totals: whole.total(),
    byOperation: whole.byOperation(),
    byReason: whole.byReason(),
    series: starts.map((from) => pieceOf(byPiece.get(from.getTime() / stepMs)!, from, pieces)),
  };
}

function pieceOf(sums: Sums, from: Date, { until, stepMs }: queries.Pieces): MetricsPeriod {
  const byReason = new Map<string, number>();
  for (const { reason, failures } of sums.byReason()) {
    byReason.set(reason, (byReason.get(reason) ?? 0) + failures);
  }
  return {
    from,
    finished: from.getTime() + stepMs <= until.getTime(),
    ...sums.total(),
    byOperation: sums.byOperation(),
    byReason: [...byReason]
      .map(([reason, failures]) => ({ reason, failures }))
      .sort((a, b) => b.failures - a.failures || (a.reason < b.reason ? -1 : 1)),
  };
}

class Sums {
  private readonly tallies = new Tallies();
  private readonly failed = new Map<string, FailureMetrics>();

  count({ operation, code, count }: { operation: string; code: string; count: number }): void {
    this.tallies.at(operation).count(code, count);
    if (!code) return;
    const key = `${operation} ${code}`;
    const known = this.failed.get(key) ?? {
      operation,
      reason: code,
      ofService: isOfTheService(code),
      failures: 0,
      share: 0,
    };
    known.failures += count;
    this.failed.set(key, known);
  }

  time({ operation, counts }: { operation: string; counts: Readonly<Record<number, number>> }) {
    const tally = this.tallies.at(operation);
    for (const [bucket, count] of Object.entries(counts)) tally.time(Number(bucket), count);
  }

  total(): OperationCounts {
    return this.tallies.total().counts();
  }

  byOperation(): OperationMetrics[] {
    return this.tallies.sorted().map(([operation, tally]) => ({ operation, ...tally.counts() }));
  }

  /** The most frequent first. */
  byReason(): FailureMetrics[] {
    const failures = [...this.failed.values()].reduce((sum, each) => sum + each.failures, 0);
    return [...this.failed]
      .sort(([a, { failures: x }], [b, { failures: y }]) => y - x || (a < b ? -1 : 1))
      .map(([, each]) => ({ ...each, share: each.failures / failures }));
  }
}
