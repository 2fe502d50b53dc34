import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { HOUR, SECOND } from "../common/durations.js";
import { Config } from "../config/config.js";
import { CredentialLocks } from "../credentials/credential-locks.js";
import { Database } from "../database/database.js";
import { Sealer } from "../envelope/sealer.js";
import { Readiness } from "../health/readiness.js";
import type { DailyResult } from "../jobs/daily-steps.js";
import { DailyTask, type JobRun } from "../jobs/daily-task.js";

/** A run a day, and some time for it. */
const LATE_AFTER_MS = 26 * HOUR;

/** What an operator wants to know first: whether all that the service stands on does its work. */
@Injectable()
export class ServiceState {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly readiness: Readiness,
    private readonly task: DailyTask,
    private readonly locks: CredentialLocks,
  ) {}

  /** Each part by itself: what cannot be known, since the database is away, is null. */
  async read() {
    const report = await this.readiness.check();
    const [runs, locks] =
      report.database === "ok"
        ? await Promise.all([known(this.task.latestRuns(10)), known(this.locks.now())])
        : [null, null];
    return {
      at: this.clock.now(),
      database: { state: report.database, kind: this.database.kind, pools: this.database.pools() },
      clock: { state: report.clock, differenceSeconds: this.clock.difference() / SECOND },
      keyService: this.keyService(report.keyService),
      dailyTask: runs && this.dailyTask(runs),
      tampering: runs && tampering(runs),
      locks,
    };
  }

  private keyService(state: "ok" | "unavailable") {
    const { calls, failures, retries } = this.sealer.stats().keyService;
    return { state, local: this.config.KMS_KEY_ID.startsWith("local:"), calls, failures, retries };
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

/** The database may have gone since it was asked. */
function known<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  return asked.catch(() => null);
}
