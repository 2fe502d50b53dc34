import { setTimeout as pause } from "node:timers/promises";
import { Injectable, type OnModuleDestroy } from "@nestjs/common";
import { sql } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { SECOND } from "../common/durations.js";
import { Database } from "../database/database.js";
import { Sealer } from "../envelope/sealer.js";

const PATIENCE_MS = 2 * SECOND;

export interface ReadinessReport {
  readonly status: "ok" | "unavailable";
  readonly database: "ok" | "unavailable";
  /** Told, but no reason to be unavailable: the other instances use the same key service. */
  readonly keyService: "ok" | "unavailable";
  /** Whether this machine's clock is that of the database. */
  readonly clock: "ok" | "differs";
  readonly ending: boolean;
}

/** Whether this instance can serve: its database answers, and it is not about to end. */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private ending = false;
  private asking: Promise<boolean> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly sealer: Sealer,
  ) {}

  async check(): Promise<ReadinessReport> {
    // However many ask, also of those whom nobody knows, the database is asked once at a time.
    this.asking ??= this.databaseAnswers().finally(() => (this.asking = undefined));
    const database = await this.asking;
    const circuits = this.sealer.stats().keyService.breakers;
    const clock = this.clockIsRight();
    return {
      status: database && clock && !this.ending ? "ok" : "unavailable",
      database: database ? "ok" : "unavailable",
      keyService: circuits.some(({ state }) => state === "open") ? "unavailable" : "ok",
      clock: clock ? "ok" : "differs",
      ending: this.ending,
    };
  }

  private clockIsRight(): boolean {
    try {
      this.clock.check();
      return true;
    } catch {
      return false;
    }
  }

  /** From now on no more requests should be sent here. */
  end(): void {
    this.ending = true;
  }

  onModuleDestroy(): void {
    this.end();
  }

  private async databaseAnswers(): Promise<boolean> {
    const answer = Promise.resolve(this.database.orm.execute(sql`select 1`)).then(
      () => true,
      () => false,
    );
    const timeout = new AbortController();
    const late = pause(PATIENCE_MS, false, { signal: timeout.signal, ref: false });
    try {
      return await Promise.race([answer, late]);
    } finally {
      timeout.abort();
      late.catch(() => {});
    }
  }
}
