import { Inject, Injectable } from "@nestjs/common";
import { and, desc, eq, gte, isNotNull, sql } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { HOUR, later } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database, type Drizzle } from "../database/database.js";
import { operationMetrics } from "../database/schema/metrics.js";
import type { ProblemKey, ProblemKeyRule } from "./summary.model.js";

const MOST_KEYS = 100;

const { keyId, deviceId, operation, outcome, reason, recordedAt } = operationMetrics;

/** Finds the keys whose payloads fail to decrypt more often than they should. */
@Injectable()
export class ProblemKeys {
  readonly rule: ProblemKeyRule;

  constructor(
    @Inject(Config) config: Config,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Database) private readonly database: Database,
  ) {
    this.rule = {
      minimumAttempts: config.PROBLEM_KEY_MIN_ATTEMPTS,
      failureRate: config.PROBLEM_KEY_FAILURE_PERCENT / 100,
      windowHours: config.PROBLEM_KEY_WINDOW_HOURS,
    };
  }

  /** The worst first, at most 100. */
  async find(orm: Drizzle = this.database.background): Promise<ProblemKey[]> {
    const { minimumAttempts, windowHours } = this.rule;
    const attempts = sql<number>`count(*)::int`;
    const failures = sql<number>`(count(*) filter (where ${outcome} = 'failure'))::int`;
    const failureRate = sql<number>`avg((${outcome} = 'failure')::int)::float8`;
    const rows = await orm
      .select({
        keyId,
        deviceId: sql<string | null>`max(${deviceId})`,
        attempts,
        failures,
        failureRate,
        lastFailureAt: sql`max(${recordedAt}) filter (where ${outcome} = 'failure')`.mapWith(
          recordedAt,
        ),
      })
      .from(operationMetrics)
      .where(
        and(
          eq(operation, "decrypt"),
          isNotNull(keyId),
          gte(recordedAt, later(this.clock.now(), -windowHours * HOUR)),
          // The fault of the key service or the database, not of the key.
          sql`coalesce(${reason}, '') not in ('KMS_UNAVAILABLE', 'DATABASE_UNAVAILABLE')`,
        ),
      )
      .groupBy(keyId)
      .having(
        sql`count(*) >= ${minimumAttempts} and ${failureRate} >= ${this.rule.failureRate}::float8`,
      )
      .orderBy(desc(failureRate), desc(failures), keyId)
      .limit(MOST_KEYS);
    return rows.map((row) => ({ ...row, keyId: row.keyId!, lastFailureAt: row.lastFailureAt! }));
  }
}
