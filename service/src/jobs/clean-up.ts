import { Injectable } from "@nestjs/common";
import { inArray, lte } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { Clock } from "../common/clock.js";
import { DAY, HOUR, later } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { usedPayloads } from "../database/schema/credentials.js";
import { jobRuns } from "../database/schema/jobs.js";
import { deviceRegistrations, keyGenerations } from "../database/schema/keys.js";
import { MetricsRetention } from "../metrics/metrics-retention.js";
import { ALWAYS, heldBackOf } from "./removal-limit.js";

const RUNS_KEPT = 400 * DAY;

type ForgottenTable =
  typeof usedPayloads | typeof keyGenerations | typeof deviceRegistrations | typeof jobRuns;

/** Forgets what matters no more, in batches. */
@Injectable()
export class CleanUp {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly metrics: MetricsRetention,
  ) {}

  /** @param allowMuch as that of `DailySteps`. */
  async run(signal: AbortSignal, allowMuch: boolean) {
    const { DAILY_TASK_BATCH: batch, DAILY_TASK_MAX_PERCENT: percent } = this.config;
    const heldBack = allowMuch
      ? 0
      : heldBackOf(await this.metrics.countDue(), percent, ALWAYS.metrics);
    const now = this.clock.now();
    // Twice the window: what the limits count must be there for sure.
    const windows = later(now, -2 * this.config.LIMIT_WINDOW_HOURS * HOUR);
    return {
      heldBack: { metrics: heldBack },
      forgottenPayloads: await this.forget(signal, usedPayloads, usedPayloads.expiresAt, now),
      forgottenGenerations: await this.forget(
        signal,
        keyGenerations,
        keyGenerations.requestedAt,
        windows,
      ),
      forgottenRegistrations: await this.forget(
        signal,
        deviceRegistrations,
        deviceRegistrations.registeredAt,
        windows,
      ),
      forgottenRuns: await this.forget(signal, jobRuns, jobRuns.startedAt, later(now, -RUNS_KEPT)),
      forgottenMetrics: heldBack ? 0 : await this.metrics.prune(batch, signal),
    };
  }

  private async forget(
    signal: AbortSignal,
    table: ForgottenTable,
    column: PgColumn,
    until: Date,
  ): Promise<number> {
    const orm = this.database.background;
    const batch = this.config.DAILY_TASK_BATCH;
    for (let total = 0; ;) {
      signal.throwIfAborted();
      const old = orm.select({ id: table.id }).from(table).where(lte(column, until)).limit(batch);
      const gone = await orm
        .delete(table)
        .where(inArray(table.id, old))
        .returning({ id: table.id });
      total += gone.length;
      if (gone.length < batch) return total;
    }
  }
}
