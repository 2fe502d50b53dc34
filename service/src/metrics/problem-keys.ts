import { Injectable } from "@nestjs/common";
import { and, desc, gt, gte, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { Clock } from "../common/clock.js";
import { HOUR, later } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database, type Drizzle } from "../database/database.js";
import { keyHours } from "../database/schema/metrics.js";
import { floorTo } from "./steps.js";
import type { ProblemKey, ProblemKeyRule } from "./summary.model.js";

const MOST_KEYS = 100;

const { keyId, deviceId, at, usageCount, failureCount, lastFailureAt } = keyHours;
const failed = alias(keyHours, "failed");

/** Finds the keys whose payloads fail to decrypt more often than they should. */
@Injectable()
export class ProblemKeys {
  readonly rule: ProblemKeyRule;

  constructor(
    config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
  ) {
    this.rule = {
      minimumAttempts: config.PROBLEM_KEY_MIN_ATTEMPTS,
      failureRate: config.PROBLEM_KEY_FAILURE_PERCENT / 100,
      windowHours: config.PROBLEM_KEY_WINDOW_HOURS,
    };
  }

  /** The worst first, at most 100. The window begins with a whole hour. */
  async find(orm: Drizzle = this.database.metrics): Promise<ProblemKey[]> {
    const { minimumAttempts, failureRate: worst, windowHours } = this.rule;
    const from = floorTo(later(this.clock.now(), -(windowHours - 1) * HOUR), 60);
    const failures = sql<number>`sum(${failureCount})::int`;
    const attempts = sql<number>`sum(${usageCount} + ${failureCount})::int`;
    const failureRate = sql<number>`(sum(${failureCount})::float8 / sum(${usageCount} + ${failureCount}))`;
    // First the few that failed often enough: most keys never do.
    const suspects = orm.$with("suspects").as(
      orm
        .select({ id: sql<string>`${failed.keyId}`.as("id") })
        .from(failed)
        .where(and(gte(failed.at, from), gt(failed.failureCount, 0)))
        .groupBy(failed.keyId)
        .having(sql`sum(${failed.failureCount}) >= ${minimumAttempts * worst}::float8`),
    );
    const rows = await orm
      .with(suspects)
      .select({
        keyId,
        deviceId: sql<string>`max(${deviceId})`,
        attempts,
        failures,
        failureRate,
        lastFailureAt: sql`max(${lastFailureAt})`.mapWith(lastFailureAt),
      })
      .from(keyHours)
      .innerJoin(suspects, eq(suspects.id, keyId))
      .where(gte(at, from))
      .groupBy(keyId)
      .having(sql`${attempts} >= ${minimumAttempts} and ${failureRate} >= ${worst}::float8`)
      .orderBy(desc(failureRate), desc(failures), keyId)
      .limit(MOST_KEYS);
    return rows.map((row) => ({ ...row, lastFailureAt: row.lastFailureAt! }));
  }
}
