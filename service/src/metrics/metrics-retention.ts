import { Inject, Injectable } from "@nestjs/common";
import { inArray, lt, sql } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { DAY, later } from "../common/durations.js";
import type { Due } from "../common/due.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { operationMetrics } from "../database/schema/metrics.js";

const { id, recordedAt } = operationMetrics;

/** Deletes the metrics that are older than they are kept for. */
@Injectable()
export class MetricsRetention {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Database) private readonly database: Database,
  ) {}

  /** How many rows are due to be deleted. */
  async countDue(): Promise<Due> {
    const due = sql<number>`(count(*) filter (where ${lt(recordedAt, this.oldest())}))::float8`;
    const [row] = await this.database.background
      .select({ total: sql<number>`count(*)::float8`, due })
      .from(operationMetrics);
    return row!;
  }

  /** In batches, each a short transaction of its own; tells how many rows are gone. */
  async prune(batch: number, signal?: AbortSignal): Promise<number> {
    const orm = this.database.background;
    const oldest = this.oldest();
    for (let total = 0; ;) {
      signal?.throwIfAborted();
      const old = orm
        .select({ id })
        .from(operationMetrics)
        .where(lt(recordedAt, oldest))
        .orderBy(recordedAt)
        .limit(batch);
      const gone = await orm.delete(operationMetrics).where(inArray(id, old)).returning({ id });
      total += gone.length;
      if (gone.length < batch) return total;
    }
  }

  private oldest(): Date {
    return later(this.clock.now(), -this.config.METRICS_RETENTION_DAYS * DAY);
  }
}
