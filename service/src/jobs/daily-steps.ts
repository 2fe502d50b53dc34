import { Injectable } from "@nestjs/common";
import { inArray, lte } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import type { Due } from "../common/due.js";
import { DAY, HOUR, later } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { usedPayloads } from "../database/schema/credentials.js";
import { jobRuns } from "../database/schema/jobs.js";
import { keyGenerations } from "../database/schema/keys.js";
import { LifeCycle, type Moved } from "../keys/life-cycle.js";
import { MetricsRetention } from "../metrics/metrics-retention.js";
import { ProblemKeys } from "../metrics/problem-keys.js";
import { ReceiptKeys } from "../receipts/receipt-keys.js";
import { FullCheck } from "../tampering/full-check.js";
import { ALWAYS, isTooMuch } from "./removal-limit.js";

const NONE: Moved = { keys: 0, tampered: 0 };

const RUNS_KEPT = 400 * DAY;

/** What a run did; it stands in its row. */
export interface DailyResult {
  retiredKeys: number;
  destroyedKeys: number;
  /** Keys that could be restored until now. */
  wipedKeys: number;
  /** What was due and was left, as it was more than a run may remove by itself. */
  heldBack: { destroyedKeys: number; wipedKeys: number; metrics: number };
  tamperedKeys: number;
  /** Of all rows, whether or not they were due for anything. */
  checkedRows: number;
  tamperedRows: number;
  forgottenPayloads: number;
  forgottenGenerations: number;
  forgottenRuns: number;
  forgottenMetrics: number;
  problemKeys: { keyId: string; attempts: number; failures: number }[];
}

/** The parts of the daily task. Each can be done again at any time: what is done stays done. */
@Injectable()
export class DailySteps {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly lifeCycle: LifeCycle,
    private readonly metrics: MetricsRetention,
    private readonly fullCheck: FullCheck,
    private readonly problemKeys: ProblemKeys,
    private readonly receiptKeys: ReceiptKeys,
  ) {}

  /**
   * @param signal ends it between two batches.
   * @param allowMuch removes what is due even if it is more than a run may remove by itself.
   * @throws {ServiceError} `CLOCK_DIFFERS`.
   */
  async run(signal: AbortSignal, allowMuch = false): Promise<DailyResult> {
    await this.clock.confirm();
    const batch = this.config.DAILY_TASK_BATCH;
    const retired = await moveAll(signal, batch, () => this.lifeCycle.retireExpired(batch));
    const due = await this.lifeCycle.countDue();
    const heldBack = {
      destroyedKeys: allowMuch ? 0 : this.heldBackOf(due.destroyed, ALWAYS.keys),
      wipedKeys: allowMuch ? 0 : this.heldBackOf(due.wiped, ALWAYS.keys),
      metrics: allowMuch ? 0 : this.heldBackOf(await this.metrics.countDue(), ALWAYS.metrics),
    };
    const destroyed = heldBack.destroyedKeys
      ? NONE
      : await moveAll(signal, batch, () => this.lifeCycle.destroyOld(batch));
    const wiped = heldBack.wipedKeys
      ? NONE
      : await moveAll(signal, batch, () => this.lifeCycle.wipe(batch));
    await this.receiptKeys.dropFormer();
    const now = this.clock.now();
    // Twice the window: what the limits count must be there for sure.
    const windows = later(now, -2 * this.config.LIMIT_WINDOW_HOURS * HOUR);
    return {
      retiredKeys: retired.keys,
      destroyedKeys: destroyed.keys,
      wipedKeys: wiped.keys,
      heldBack,
      tamperedKeys: retired.tampered + destroyed.tampered,
      forgottenPayloads: await this.forget(signal, usedPayloads, usedPayloads.expiresAt, now),
      forgottenGenerations: await this.forget(
        signal,
        keyGenerations,
        keyGenerations.requestedAt,
        windows,
      ),
      forgottenRuns: await this.forget(signal, jobRuns, jobRuns.startedAt, later(now, -RUNS_KEPT)),
      forgottenMetrics: heldBack.metrics ? 0 : await this.metrics.prune(batch, signal),
      problemKeys: await this.listProblemKeys(),
      ...(await this.fullCheck.run(signal)),
    };
  }

  /** Makes keys that were destroyed since then, and are not wiped yet, decrypt again. */
  async restoreKeys(since: Date): Promise<number> {
    const batch = this.config.DAILY_TASK_BATCH;
    const never = new AbortController().signal;
    return (await moveAll(never, batch, () => this.lifeCycle.restore(batch, since))).keys;
  }

  private heldBackOf(due: Due, always: number): number {
    return isTooMuch(due, this.config.DAILY_TASK_MAX_PERCENT, always) ? due.due : 0;
  }

  private async listProblemKeys() {
    const keys = await this.problemKeys.find();
    return keys.map(({ keyId, attempts, failures }) => ({ keyId, attempts, failures }));
  }

  private async forget(
    signal: AbortSignal,
    table: typeof usedPayloads | typeof keyGenerations | typeof jobRuns,
    column:
      typeof usedPayloads.expiresAt | typeof keyGenerations.requestedAt | typeof jobRuns.startedAt,
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

async function moveAll(
  signal: AbortSignal,
  batch: number,
  next: () => Promise<Moved>,
): Promise<Moved> {
  for (let keys = 0, tampered = 0; ;) {
    signal.throwIfAborted();
    const moved = await next();
    keys += moved.keys;
    tampered += moved.tampered;
    if (moved.keys < batch) return { keys, tampered };
  }
}
