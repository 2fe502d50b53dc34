import { Inject, Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { HOUR, later } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Database, type Drizzle } from "../database/database.js";
import { cutIntoBuckets } from "./buckets.js";
import { ProblemKeys } from "./problem-keys.js";
import * as queries from "./summary-queries.js";
import type { EncryptionMetricsSummary, MetricsPeriod } from "./summary.model.js";

/** Sums up what the service did: for the GraphQL query, and for the dashboard. */
@Injectable()
export class Summaries {
  private readonly running = new Map<number, Promise<EncryptionMetricsSummary>>();

  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Database) private readonly database: Database,
    @Inject(ProblemKeys) private readonly problemKeys: ProblemKeys,
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
    const span = { from: later(until, -timeframeHours * HOUR), until };
    // One snapshot, so that the parts add up to the totals.
    return this.database.background.transaction(
      async (orm) => {
        const rows = await queries.countOperations(orm, span);
        return {
          timeframeHours,
          ...span,
          totals: rows.find(({ operation }) => operation === null)?.counts ?? queries.NO_COUNTS,
          byOperation: rows.flatMap(named),
          byReason: await queries.countFailures(orm, span),
          series: await seriesOf(orm, span),
          keys: await queries.countKeys(orm),
          devices: await queries.countDevices(orm, span),
          problemKeyRule: this.problemKeys.rule,
          problemKeys: await this.problemKeys.find(orm),
        };
      },
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

async function seriesOf(orm: Drizzle, span: queries.Span): Promise<MetricsPeriod[]> {
  const { stepMs, starts } = cutIntoBuckets(span.from, span.until);
  const counts = bySteps(await queries.countOperationsByStep(orm, span, stepMs));
  const failures = bySteps(await queries.countFailuresByStep(orm, span, stepMs));
  return starts.map((from) => {
    const step = from.getTime() / stepMs;
    const rows = counts.get(step) ?? [];
    const totals = rows.find(({ operation }) => operation === null)?.counts ?? queries.NO_COUNTS;
    const byReason = failures.get(step) ?? [];
    return { from, ...totals, byOperation: rows.flatMap(named), byReason };
  });
}

function bySteps<Row extends { step: number }>(rows: Row[]): Map<number, Row[]> {
  const steps = new Map<number, Row[]>();
  for (const row of rows) steps.set(row.step, [...(steps.get(row.step) ?? []), row]);
  return steps;
}

function named({ operation, counts }: queries.CountsRow) {
  return operation === null ? [] : [{ operation, ...counts }];
}
