import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { CredentialLocks } from "../credentials/credential-locks.js";
import { DailyTaskState } from "./daily-task-state.js";
import { DependencyState } from "./dependency-state.js";

/** What an operator wants to know first: whether all that the service stands on does its work. */
@Injectable()
export class ServiceState {
  constructor(
    private readonly clock: Clock,
    private readonly dependencies: DependencyState,
    private readonly dailyTask: DailyTaskState,
    private readonly locks: CredentialLocks,
  ) {}

  /** Each part by itself: what cannot be known, since the database is away, is null. */
  async read() {
    const dependencies = await this.dependencies.read();
    const [daily, locks] =
      dependencies.database.state === "ok"
        ? await Promise.all([known(this.dailyTask.read()), known(this.locks.now())])
        : [null, null];
    return {
      at: this.clock.now(),
      ...dependencies,
      dailyTask: daily && daily.dailyTask,
      tampering: daily && daily.tampering,
      locks,
    };
  }
}

/** The database may have gone since it was asked. */
function known<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  return asked.catch(() => null);
}
