import { hostname } from "node:os";
import { Injectable } from "@nestjs/common";
import { and, desc, eq } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { sortableId } from "../common/sortable-id.js";
import { Database } from "../database/database.js";
import { describeFailure } from "../database/unavailable.js";
import { jobRuns } from "../database/schema/jobs.js";
import { Log } from "../logging/log.js";
import { Prometheus } from "../prometheus/prometheus.js";
import { DailySteps } from "./daily-steps.js";
import { JobLock } from "./job-lock.js";

const JOB = "daily";

export type JobRun = typeof jobRuns.$inferSelect;

/** The daily task: once a day among all instances, and whenever somebody asks for it. */
@Injectable()
export class DailyTask {
  private readonly instance = `${hostname()}:${process.pid}`;

  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly prometheus: Prometheus,
    private readonly log: Log,
    private readonly lock: JobLock,
    private readonly steps: DailySteps,
  ) {}

  /**
   * Today's run, unless it is done or under way. One that was cut off is taken up again.
   *
   * @returns the run if this call did it.
   */
  runIfDue(signal: AbortSignal): Promise<JobRun | undefined> {
    return this.lock.run(JOB, async (lost) => {
      // Which day it is must be sure before the run of that day is made.
      await this.clock.confirm();
      const today = await this.today();
      if (today.finishedAt) return undefined;
      return this.perform(today, AbortSignal.any([signal, lost]));
    });
  }

  /** A run of its own, whatever else ran today. @returns undefined if one is under way. */
  runByHand(signal: AbortSignal, allowMuch = false): Promise<JobRun | undefined> {
    return this.lock.run(JOB, async (lost) => {
      await this.clock.confirm();
      return this.perform(await this.insert("hand"), AbortSignal.any([signal, lost]), allowMuch);
    });
  }

  /** Undoes what runs since then destroyed. @returns how many keys; undefined while a run is under way. */
  restoreKeys(since: Date): Promise<number | undefined> {
    return this.lock.run(JOB, async () => {
      const keys = await this.steps.restoreKeys(since);
      this.log.warn({ keys, since }, "destroyed keys were restored");
      return keys;
    });
  }

  /** The latest first. */
  latestRuns(count: number): Promise<JobRun[]> {
    return this.database.background.select().from(jobRuns).orderBy(desc(jobRuns.id)).limit(count);
  }

  private async today(): Promise<JobRun> {
    const [row] = await this.database.background
      .select()
      .from(jobRuns)
      .where(
        and(eq(jobRuns.job, JOB), eq(jobRuns.day, this.day()), eq(jobRuns.trigger, "schedule")),
      );
    return row ?? this.insert("schedule");
  }

  private async insert(trigger: JobRun["trigger"]): Promise<JobRun> {
    const startedAt = this.clock.now();
    const row = { id: sortableId(startedAt), job: JOB, day: this.day(), trigger, startedAt };
    const [run] = await this.database.background
      .insert(jobRuns)
      .values({ ...row, instance: this.instance })
      .returning();
    return run!;
  }

  private async perform(run: JobRun, signal: AbortSignal, allowMuch = false): Promise<JobRun> {
    try {
      const result = await this.steps.run(signal, allowMuch);
      this.log.info({ run: run.id, ...result }, "the daily task is done");
      if (result.tamperedRows > 0)
        this.log.error({ run: run.id }, "rows were changed in the database");
      const { heldBack } = result;
      this.prometheus.watchHeldBack(heldBack);
      if (Object.values(heldBack).some((count) => count > 0))
        this.log.error(
          { run: run.id, ...heldBack },
          "more is due than a run may remove; it was left",
        );
      return await this.update(run.id, {
        finishedAt: this.clock.now(),
        result: { ...result },
        error: null,
      });
    } catch (error) {
      // Not finished: it is taken up again at the next look.
      const { reason } = describeFailure(error);
      // If the database is away, it cannot be told either.
      await this.update(run.id, { error: reason }).catch(() => {});
      throw error;
    }
  }

  private async update(id: string, change: Partial<JobRun>): Promise<JobRun> {
    const [run] = await this.database.background
      .update(jobRuns)
      .set({ ...change, instance: this.instance })
      .where(eq(jobRuns.id, id))
      .returning();
    return run!;
  }

  private day(): string {
    return this.clock.now().toISOString().slice(0, 10);
  }
}
