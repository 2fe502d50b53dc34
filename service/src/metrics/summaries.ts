import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { DAY, HOUR, later } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Database, type Drizzle } from "../database/database.js";
import { cutIntoBuckets, type Buckets } from "./buckets.js";
import { ProblemKeys } from "./problem-keys.js";
import { ceilTo, MINUTES_KEPT_DAYS } from "./steps.js";
import * as queries from "./summary-queries.js";
import type {
  EncryptionMetricsSummary,
  FailureMetrics,
  MetricsPeriod,
  OperationMetrics,
} from "./summary.model.js";
import { Tallies, Tally } from "./tally.js";

/** Sums up what the service did: for the GraphQL query, and for the dashboard. */
@Injectable()
export class Summaries {
  private readonly running = new Map<number, Promise<EncryptionMetricsSummary>>();

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly problemKeys: ProblemKeys,
  ) {}

  /** However many ask for the same at the same time, the database is asked once. */
  async summarize(timeframeHours: number): Promise<EncryptionMetricsSummary> {
    this.checkTimeframe(timeframeHours);
    const running = this.running.get(timeframeHours) ?? this.query(timeframeHours);
    this.running.set(timeframeHours, running);
    try {
      return await running;
    } finally {
      this.running.delete(timeframeHours);
    }
  }

  private query(timeframeHours: number): Promise<EncryptionMetricsSummary> {
    const until = this.clock.now();
    const ms = timeframeHours * HOUR;
    // What is counted by the minute alone is not kept for so long.
    const from = ceilTo(later(until, -ms), ms > MINUTES_KEPT_DAYS * DAY ? 60 : 1);
    const buckets = cutIntoBuckets(from, until);
    const pieces = { from, until, stepMs: buckets.stepMs, counted: buckets.counted };
    // One snapshot, so that the parts add up to the totals.
    return this.database.metrics.transaction(
      async (orm) => ({
        timeframeHours,
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

  private checkTimeframe(hours: number): void {
    const most = this.config.METRICS_RETENTION_DAYS * 24;
    if (Number.isInteger(hours) && hours >= 1 && hours <= most) return;
    throw new ServiceError(
      "BAD_USER_INPUT",
      `timeframeHours must be a whole number from 1 to ${most}.`,
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
  for (const row of await queries.countDurations(orm, pieces)) {
    for (const sums of [whole, byPiece.get(row.piece)]) sums?.time(row);
  }
  return {
    totals: whole.total.counts(),
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
    ...sums.total.counts(),
    byOperation: sums.byOperation(),
    byReason: [...byReason]
      .map(([reason, failures]) => ({ reason, failures }))
      .sort((a, b) => b.failures - a.failures || (a.reason < b.reason ? -1 : 1)),
  };
}

class Sums {
  readonly total = new Tally();
  private readonly tallies = new Tallies();
  private readonly failed = new Map<string, FailureMetrics>();

  count({ operation, code, count }: { operation: string; code: string; count: number }): void {
    for (const tally of [this.total, this.tallies.at(operation)]) tally.count(code, count);
    if (!code) return;
    const key = `${operation} ${code}`;
    const known = this.failed.get(key) ?? { operation, reason: code, failures: 0, share: 0 };
    known.failures += count;
    this.failed.set(key, known);
  }

  time({ operation, bucket, count }: { operation: string; bucket: number; count: number }): void {
    for (const tally of [this.total, this.tallies.at(operation)]) tally.time(bucket, count);
  }

  byOperation(): OperationMetrics[] {
    return this.tallies.sorted().map(([operation, tally]) => ({ operation, ...tally.counts() }));
  }

  /** The most frequent first. */
  byReason(): FailureMetrics[] {
    const { failures } = this.total.counts();
    return [...this.failed]
      .sort(([a, { failures: x }], [b, { failures: y }]) => y - x || (a < b ? -1 : 1))
      .map(([, each]) => ({ ...each, share: each.failures / failures }));
  }
}
