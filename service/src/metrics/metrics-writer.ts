import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { SECOND } from "../common/durations.js";
import { Database } from "../database/database.js";
import { describeFailure } from "../database/unavailable.js";
import { operationMetrics } from "../database/schema/metrics.js";
import { Log } from "../logging/log.js";
import { Prometheus } from "./prometheus.js";

type Row = typeof operationMetrics.$inferInsert;

const BATCH = 500;
const FIRST_PAUSE_MS = SECOND;
const LONGEST_PAUSE_MS = 30 * SECOND;

/** More than this many rows are not kept while the database is away. */
const MOST_WAITING = 20_000;

/** Writes rows soon, many at once; those that the database does not take now wait for later. */
@Injectable()
export class MetricsWriter implements OnApplicationShutdown {
  private waiting: Row[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private pauseMs = FIRST_PAUSE_MS;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Log) private readonly log: Log,
    @Inject(Prometheus) private readonly prometheus: Prometheus,
  ) {
    prometheus.watchWaitingRows(() => this.waiting.length);
  }

  add(row: Row): void {
    if (this.waiting.length >= MOST_WAITING) return this.prometheus.rowDropped();
    this.waiting.push(row);
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
      try {
        await this.database.background.insert(operationMetrics).values(batch);
      } catch (error) {
        return this.tryLater(error);
      }
      this.waiting.splice(0, batch.length);
      this.pauseMs = FIRST_PAUSE_MS;
    }
  }

  private tryLater(error: unknown): void {
    const rows = this.waiting.length;
    this.log.warn({ rows, ...describeFailure(error) }, "metrics could not be written; they wait");
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.timer ??= setTimeout(() => void this.flush(), this.pauseMs).unref();
  }
}
