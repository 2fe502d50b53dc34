import { sql } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { SECOND } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import type { Config } from "../config/config.js";
import { Log } from "../logging/log.js";
import type { Database } from "./database.js";
import { describeFailure } from "./unavailable.js";

const PERIOD_MS = 10 * SECOND;

/**
 * The time of the database, which is the same for all instances. Between two looks at it the monotonic
 * clock counts on, so that setting this machine's clock changes nothing. That one is compared alone:
 * where the two differ one is wrong, and nobody can tell which.
 */
export class DatabaseClock extends Clock {
  private learntTime = 0;
  private learntAt = 0;
  private differed = false;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly log: Log,
    private readonly machine: Clock,
  ) {
    super();
  }

  /** @throws {ServiceError} `CLOCK_DIFFERS`. */
  static async start(
    database: Database,
    config: Config,
    log: Log,
    machine: Clock,
  ): Promise<DatabaseClock> {
    const clock = new DatabaseClock(database, config, log, machine);
    await clock.confirm();
    clock.timer = setInterval(() => void clock.look(), PERIOD_MS).unref();
    return clock;
  }

  override now(): Date {
    return new Date(Math.floor(this.learntTime + performance.now() - this.learntAt));
  }

  override difference(): number {
    return this.machine.now().getTime() - this.now().getTime();
  }

  override check(): void {
    const seconds = Math.round(this.difference() / SECOND);
    const differs = Math.abs(seconds) > this.config.CLOCK_MAX_DIFFERENCE_SECONDS;
    if (differs !== this.differed) {
      this.differed = differs;
      if (differs) this.log.error({ seconds }, "the clock differs from the database's");
      else this.log.info({ seconds }, "the clock is that of the database again");
    }
    if (!differs) return;
    const message = `The clock of this instance is ${describe(seconds)} the database's: correct the one that is wrong.`;
    throw new ServiceError("CLOCK_DIFFERS", message, { retryAfterSeconds: 1 });
  }

  override async confirm(): Promise<void> {
    const asked = performance.now();
    const query = sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`;
    const { rows } = (await this.database.background.execute(query)) as unknown as {
      rows: { ms: number }[];
    };
    const answered = performance.now();
    this.learntTime = Number(rows[0]!.ms);
    // It was read some time between the two.
    this.learntAt = (asked + answered) / 2;
    this.check();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** While the database is away the time counts on; a difference is logged where it is found. */
  private async look(): Promise<void> {
    await this.confirm().catch((error: unknown) => {
      if (error instanceof ServiceError) return;
      this.log.debug(describeFailure(error), "the time could not be learnt");
    });
  }
}

function describe(seconds: number): string {
  return `${Math.abs(seconds)} seconds ${seconds > 0 ? "ahead of" : "behind"}`;
}
