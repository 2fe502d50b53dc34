import { Injectable } from "@nestjs/common";
import { and, inArray, lt, or, sql } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { DAY, HOUR, later } from "../common/durations.js";
import type { Due } from "../common/due.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { auditLog, keyHours, metricCounts, metricDurations } from "../database/schema/metrics.js";
import { MINUTES_KEPT_DAYS } from "./steps.js";

const { id, recordedAt } = auditLog;

/** Patterns by device are told from so many days. */
export const PATTERN_DAYS = 7;

/** Deletes what the metrics and the audit log have kept for long enough. */
@Injectable()
export class MetricsRetention {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
  ) {}

  /** How many rows of the audit log are due to be deleted. */
  async countDue(): Promise<Due> {
    const due = sql<number>`(count(*) filter (where ${lt(recordedAt, this.oldest())}))::float8`;
    const [row] = await this.database.background
      .select({ total: sql<number>`count(*)::float8`, due })
      .from(auditLog);
    return row!;
  }

  /** In batches, each a short transaction of its own; tells how many rows of the audit log are gone. */
  async prune(batch: number, signal?: AbortSignal): Promise<number> {
    await this.pruneCounts(signal);
    const oldest = this.oldest();
    for (let total = 0; ;) {
      signal?.throwIfAborted();
      const gone = await this.database.background.transaction(async (orm) => {
        // The table lets nobody delete from it who does not say this.
        await orm.execute(sql`select set_config('kms_service.audit_retention', 'on', true)`);
        const old = orm
          .select({ id })
          .from(auditLog)
          .where(lt(recordedAt, oldest))
          .orderBy(recordedAt)
          .limit(batch);
        return orm.delete(auditLog).where(inArray(id, old)).returning({ id });
      });
      total += gone.length;
      if (gone.length < batch) return total;
    }
  }

  /** A day's worth of counts is a small part of them. */
  private async pruneCounts(signal?: AbortSignal): Promise<void> {
    const orm = this.database.background;
    const now = this.clock.now();
    const { METRICS_RETENTION_DAYS, PROBLEM_KEY_WINDOW_HOURS } = this.config;
    for (const table of [metricCounts, metricDurations]) {
      signal?.throwIfAborted();
      const old = lt(table.at, later(now, -METRICS_RETENTION_DAYS * DAY));
      const minutes = lt(table.at, later(now, -(MINUTES_KEPT_DAYS + 1) * DAY));
      await orm.delete(table).where(or(old, and(lt(table.step, 60), minutes)));
    }
    const retentionMs = Math.max(PATTERN_DAYS * DAY, PROBLEM_KEY_WINDOW_HOURS * HOUR);
    await orm.delete(keyHours).where(lt(keyHours.at, later(now, -retentionMs - HOUR)));
  }

  private oldest(): Date {
    return later(this.clock.now(), -this.config.AUDIT_RETENTION_DAYS * DAY);
  }
}
