import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { HOUR } from "../common/durations.js";
import type { DailyResult } from "../jobs/daily-steps.js";
import { DailyTask, type JobRun } from "../jobs/daily-task.js";

/** A run a day, and some time for it. */
const LATE_AFTER_MS = 26 * HOUR;

/** What the latest runs of the daily task say: how it does, and whether rows were changed. */
@Injectable()
export class DailyTaskState {
  constructor(
    private readonly clock: Clock,
    private readonly task: DailyTask,
  ) {}

  async read() {
    const runs = await this.task.latestRuns(10);
    return { dailyTask: this.dailyTask(runs), tampering: tampering(runs) };
  }

  /** How the latest run went, and when one last came to its end. */
  private dailyTask(runs: readonly JobRun[]) {
    const [latest] = runs;
    const finishedAt = lastFinished(runs)?.finishedAt ?? null;
    const held = (latest?.result as Partial<DailyResult> | null)?.heldBack;
    const heldBack = held ? Object.values(held).reduce((sum, rows) => sum + rows, 0) : 0;
    const age = this.clock.now().getTime() - (finishedAt ?? latest?.startedAt ?? 0).valueOf();
    return {
      state: stateOf(latest, { heldBack, late: age > LATE_AFTER_MS }),
      startedAt: latest?.startedAt ?? null,
      finishedAt,
      error: latest?.finishedAt ? null : (latest?.error ?? null),
      heldBack,
    };
  }
}

function stateOf(
  latest: JobRun | undefined,
  { heldBack, late }: { heldBack: number; late: boolean },
) {
  if (!latest) return "never";
  if (!latest.finishedAt && latest.error) return "failed";
  if (late) return "late";
  if (heldBack > 0) return "held-back";
  return latest.finishedAt ? "ok" : "running";
}

/** What the latest whole check of all rows found. */
function tampering(runs: readonly JobRun[]) {
  const run = lastFinished(runs);
  const result = run?.result as Partial<DailyResult> | null | undefined;
  if (!run || result?.tamperedRows === undefined) return { state: "never" as const };
  return {
    state: result.tamperedRows > 0 ? ("found" as const) : ("ok" as const),
    checkedAt: run.finishedAt,
    checkedRows: result.checkedRows ?? 0,
    tamperedRows: result.tamperedRows,
  };
}

function lastFinished(runs: readonly JobRun[]): JobRun | undefined {
  return runs.find(({ finishedAt }) => finishedAt);
}
