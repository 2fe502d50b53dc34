import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import {
  auditLog,
  keyHours,
  keyUsage,
  metricCounts,
  metricDurations,
} from "../../src/database/schema/metrics.js";
import { MetricsRecorder, type OperationRecord } from "../../src/metrics/metrics-recorder.js";
import { MetricsWriter } from "../../src/metrics/metrics-writer.js";
import { startTestService, type TestService } from "./app.js";

const COUNTS =
  "attempts successes failures serviceFailures callerFailures successRate availability durations { p50Ms p95Ms p99Ms }";
export const SUMMARY = `query ($hours: Int) {
  encryptionMetrics(timeframeHours: $hours) {
    timeframeHours from until
    totals { ${COUNTS} }
    byOperation { operation ${COUNTS} }
    byReason { operation reason failures share }
    series { from attempts byOperation { operation attempts } byReason { reason failures } }
    keys { active decryptOnly destroyed }
    devices { seen registered }
    problemKeyRule { minimumAttempts failureRate windowHours }
    problemKeys { keyId deviceId attempts failures failureRate lastFailureAt }
  }
}`;

type Recorded = Partial<OperationRecord> & Pick<OperationRecord, "operation">;

/** A service whose operations are recorded by hand, so that a test knows what is to be summed up. */
export class MetricsScene {
  private constructor(
    readonly service: TestService,
    /** A token of a user without a role. */
    readonly user: string,
    /** A token with the role `metrics`. */
    readonly watcher: string,
  ) {}

  static async start(): Promise<MetricsScene> {
    const service = await startTestService({
      PROBLEM_KEY_MIN_ATTEMPTS: "4",
      METRICS_RETENTION_DAYS: "30",
      AUDIT_RETENTION_DAYS: "30",
      AUDIT_USER_ROWS_PER_MINUTE: "100000",
    });
    const user = await service.token("alice");
    return new MetricsScene(service, user, await service.token("watcher", "metrics"));
  }

  /** Forgets all that was recorded. */
  async clear(): Promise<void> {
    await this.flush();
    const { orm } = this.service.database;
    await orm.transaction(async (transaction) => {
      await transaction.execute(sql`select set_config('kms_service.audit_retention', 'on', true)`);
      await transaction.delete(auditLog);
    });
    for (const table of [metricCounts, metricDurations, keyUsage, keyHours])
      await orm.delete(table);
  }

  record(operation: Recorded): void {
    const recorder = this.service.app.get(MetricsRecorder);
    recorder.record({ outcome: "success", durationMs: 1, ...operation });
  }

  fail(operation: Recorded, times: number): void {
    for (let n = 0; n < times; n++) this.record({ ...operation, outcome: "failure" });
  }

  flush(): Promise<void> {
    return this.service.app.get(MetricsWriter).flush();
  }

  countRows(): Promise<number> {
    return this.service.database.orm.$count(auditLog);
  }

  async summarize(hours?: number) {
    await this.flush();
    const { data, errors } = await this.service.graphql(SUMMARY, { hours }, this.watcher);
    assert.equal(errors, undefined);
    return data.encryptionMetrics;
  }
}
