import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { SECOND } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { Sealer } from "../envelope/sealer.js";
import { Readiness } from "../health/readiness.js";

/** Whether what the service depends on does its work: the database, the clock and the key service. */
@Injectable()
export class DependencyState {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly readiness: Readiness,
  ) {}

  async read() {
    const report = await this.readiness.check();
    return {
      database: { state: report.database, kind: this.database.kind, pools: this.database.pools() },
      clock: { state: report.clock, differenceSeconds: this.clock.difference() / SECOND },
      keyService: this.keyService(report.keyService),
    };
  }

  private keyService(state: "ok" | "unavailable") {
    const { calls, failures, retries } = this.sealer.stats().keyService;
    return { state, local: this.config.KMS_KEY_ID.startsWith("local:"), calls, failures, retries };
  }
}
