import { Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { SECOND } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { describeFailure } from "../database/unavailable.js";
import { auditLog } from "../database/schema/metrics.js";
import { Log } from "../logging/log.js";
import { Folding, likenessOf } from "./folding.js";
import { addTo, entryOf, type AuditRow, type MetricEntry } from "./metric-entry.js";
import { Prometheus } from "../prometheus/prometheus.js";
import { addToRollups } from "./rollups.js";
import { addToUsage } from "./usage-counts.js";

const BATCH = 500;
const FIRST_PAUSE_MS = SECOND;
const LONGEST_PAUSE_MS = 30 * SECOND;

/** More than this many rows are not kept while the database is away. */
const MOST_WAITING = 20_000;

/** Writes rows soon, many at once, with their sums; those that the database does not take now wait for later. */
@Injectable()
export class MetricsWriter implements OnApplicationShutdown {
  private waiting: MetricEntry[] = [];
  /** Those of the waiting ones that stand for all further ones that are like them. */
  private readonly folded = new Map<string, MetricEntry>();
  private readonly folding: Folding;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private pauseMs = FIRST_PAUSE_MS;

  constructor(
    config: Config,
    private readonly database: Database,
    private readonly log: Log,
    private readonly prometheus: Prometheus,
  ) {
    this.folding = new Folding(config.AUDIT_USER_ROWS_PER_MINUTE);
    prometheus.watchWaitingRows(() => this.waiting.length);
  }

  add(row: Omit<AuditRow, "times">): void {
    const entry = entryOf(row);
    // Each receipt can be found, however many there are.
    if (this.folding.isTooMuch(row) && !row.receiptId) {
      const likeness = likenessOf(entry.row);
      const known = this.folded.get(likeness);
      if (known) return addTo(known, row.durationMs);
      this.folded.set(likeness, entry);
    }
    if (this.waiting.length >= MOST_WAITING) return this.prometheus.rowDropped();
    this.waiting.push(entry);
    this.timer ??= setTimeout(() => void this.flush(), this.pauseMs).unref();
  }

  /** Writes what is waiting. It does not throw: what could not be written goes on waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
    await this.writing;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, BATCH);
      // A row that is being written must stay as it is.
      this.folded.clear();
      try {
        await this.write(batch);
      } catch (error) {
        return this.tryLater(error);
      }
      this.waiting.splice(0, batch.length);
      this.pauseMs = FIRST_PAUSE_MS;
    }
  }

  private async write(batch: readonly MetricEntry[]): Promise<void> {
    await this.database.metrics.transaction(async (orm) => {
      await orm.insert(auditLog).values(batch.map(({ row }) => row));
      await addToRollups(orm, batch);
      await addToUsage(orm, batch);
    });
  }

  private tryLater(error: unknown): void {
    const rows = this.waiting.length;
    this.log.warn({ rows, ...describeFailure(error) }, "metrics could not be written; they wait");
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.timer ??= setTimeout(() => void this.flush(), this.pauseMs).unref();
  }
}
