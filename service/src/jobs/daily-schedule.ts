import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from "@nestjs/common";
import { MINUTE } from "../common/durations.js";
import { describeFailure } from "../database/unavailable.js";
import { Config } from "../config/config.js";
import { Log } from "../logging/log.js";
import { DailyTask } from "./daily-task.js";

/** Looks every few minutes whether the daily task is due; several instances may. */
@Injectable()
export class DailySchedule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly log: Log,
    private readonly task: DailyTask,
  ) {}

  onApplicationBootstrap(): void {
    const minutes = this.config.DAILY_TASK_MINUTES;
    if (minutes === 0) return;
    this.looking = this.look();
    this.timer = setInterval(() => (this.looking = this.look()), minutes * MINUTE);
  }

  /** A run under way ends after its batch, and is taken up by whoever looks next. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.ending.abort(new Error("the service is ending"));
    await this.looking;
  }

  private async look(): Promise<void> {
    try {
      await this.task.runIfDue(this.ending.signal);
    } catch (error) {
      this.log.error(describeFailure(error), "the daily task failed; it will be tried again");
    }
  }
}
