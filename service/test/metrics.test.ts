import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { sql } from "drizzle-orm";
import { DAY, HOUR, MINUTE } from "../src/common/durations.js";
import {
  auditLog,
  keyHours,
  keyUsage,
  metricCounts,
  metricDurations,
} from "../src/database/schema/metrics.js";
import { Log } from "../src/logging/log.js";
import { MetricsRecorder, type OperationRecord } from "../src/metrics/metrics-recorder.js";
import { MetricsRetention } from "../src/metrics/metrics-retention.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { Prometheus } from "../src/prometheus/prometheus.js";
import { ProblemKeys } from "../src/metrics/problem-keys.js";
import { startTestService, type TestService } from "./support/app.js";

const COUNTS =
  "attempts successes failures serviceFailures callerFailures successRate availability durations { p50Ms p95Ms p99Ms }";
const SUMMARY = `query ($hours: Int) {
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

const GENERATE = `mutation ($deviceId: String!) {
  generateClientEncryptionKey(input: { deviceId: $deviceId, appVersion: "1.0" }) { keyId }
}`;

describe("metrics", () => {
  let service: TestService;
  let user: string;
  let watcher: string;

  before(async () => {
    service = await startTestService({
      PROBLEM_KEY_MIN_ATTEMPTS: "4",
      METRICS_RETENTION_DAYS: "30",
      AUDIT_RETENTION_DAYS: "30",
      AUDIT_USER_ROWS_PER_MINUTE: "100000",
    });
    user = await service.token("alice");
    watcher = await service.token("watcher", "metrics");
  });
  after(() => service.close());
  beforeEach(async () => {
    await flush();
    await service.database.orm.transaction(async (orm) => {
      await orm.execute(sql`select set_config('kms_service.audit_retention', 'on', true)`);
      await orm.delete(auditLog);
    });
    for (const table of [metricCounts, metricDurations, keyUsage, keyHours]) {
      await service.database.orm.delete(table);
    }
  });

  test("sums up totals, rates and percentiles, by operation and by reason", async () => {
    for (let ms = 1; ms <= 100; ms++) record({ operation: "decrypt", durationMs: ms });
    for (let ms = 1; ms <= 4; ms++) record({ operation: "generate", durationMs: 100 * ms });
    fail({ operation: "decrypt", reason: "PAYLOAD_INVALID", durationMs: 50.5 }, 3);
    fail({ operation: "verify", reason: "WRONG_SECRET", durationMs: 10 }, 1);

    const summary = await summarize();
    assert.deepEqual(summary.totals.attempts, 108);
    assert.deepEqual([summary.totals.successes, summary.totals.failures], [104, 4]);
    assert.equal(summary.totals.successRate, 104 / 108);

    const [decrypt, generate, verify] = summary.byOperation;
    const { durations, ...counts } = generate;
    assert.deepEqual(counts, {
      operation: "generate",
      attempts: 4,
      successes: 4,
      failures: 0,
      serviceFailures: 0,
      callerFailures: 0,
      successRate: 1,
      availability: 1,
    });
    assertNear(durations, { p50Ms: 200, p95Ms: 400, p99Ms: 400 });
    assert.equal(decrypt.attempts, 103);
    assertNear(decrypt.durations, { p50Ms: 50.5, p95Ms: 95, p99Ms: 99 });
    assert.equal(verify.successRate, 0);
    assert.deepEqual(summary.byReason, [
      { operation: "decrypt", reason: "PAYLOAD_INVALID", failures: 3, share: 0.75 },
      { operation: "verify", reason: "WRONG_SECRET", failures: 1, share: 0.25 },
    ]);
  });

  test("the query without a selection answers all of it as JSON, word for word", async () => {
    record({ operation: "decrypt", durationMs: 3 });
    await flush();
    const query = "query { getEncryptionMetricsSummary(timeframeHours: 24) }";
    const { data, errors } = await service.graphql(query, {}, watcher);
    assert.equal(errors, undefined);
    const summary = data.getEncryptionMetricsSummary;
    const { until, ...typed } = await summarize(24);
    assert.equal(summary.timeframeHours, 24);
    assert.equal(summary.totals.attempts, 1);
    assert.deepEqual(summary.byOperation, typed.byOperation);
    assert.equal(summary.until, until);
    assert.equal(summary.series.length, typed.series.length);
    const refused = await service.graphql(query, {}, user);
    assert.equal(refused.errors?.[0]?.extensions.code, "FORBIDDEN");
  });

  test("tells the failures of the service from those of callers", async () => {
    for (let n = 0; n < 6; n++) record({ operation: "decrypt" });
    fail({ operation: "verify", reason: "WRONG_SECRET" }, 3);
    fail({ operation: "decrypt", reason: "KMS_UNAVAILABLE" }, 1);
    const { totals } = await summarize();
    assert.deepEqual([totals.callerFailures, totals.serviceFailures], [3, 1]);
    assert.deepEqual([totals.successRate, totals.availability], [0.6, 0.9]);
  });

  test("a user who does very much makes few rows, and is counted all the same", async () => {
    const { AUDIT_USER_ROWS_PER_MINUTE } = service.config;
    Object.assign(service.config, { AUDIT_USER_ROWS_PER_MINUTE: 10 });
    const writer = new MetricsWriter(
      service.config,
      service.database,
      service.app.get(Log),
      new Prometheus(),
    );
    Object.assign(service.config, { AUDIT_USER_ROWS_PER_MINUTE });
    const recordedAt = service.clock.now();
    for (let n = 0; n < 1000; n++) {
      const row = { operation: "verify", outcome: "failure", durationMs: 1 } as const;
      writer.add({ ...row, userId: "eve", code: "WRONG_SECRET", recordedAt });
    }
    await writer.flush();
    assert.equal(await countRows(), 11);
    const [sum] = await service.database.orm
      .select({ times: sql<number>`sum(times)::int` })
      .from(auditLog);
    assert.equal(sum!.times, 1000);
    const { totals, byReason } = await summarize();
    assert.deepEqual([totals.attempts, byReason[0].failures], [1000, 1000]);
    assert.ok(totals.durations.p99Ms < 1.1);
  });

  test("says so where there is nothing to sum up", async () => {
    const { totals, byOperation, byReason, problemKeys } = await summarize();
    assert.deepEqual(totals, {
      attempts: 0,
      successes: 0,
      failures: 0,
      serviceFailures: 0,
      callerFailures: 0,
      successRate: null,
      availability: null,
      durations: null,
    });
    assert.deepEqual([byOperation, byReason, problemKeys], [[], [], []]);
  });

  test("records what requests do, and how they fail", async () => {
    const { data } = await service.graphql(GENERATE, { deviceId: "phone" }, user);
    await service.graphql(GENERATE, { deviceId: "not a device id" }, user);
    await flush();
    const { rows, of } = await recorded();
    assert.deepEqual(rows, ["encrypt success", "generate failure", "generate success"]);
    const made = of("generate success");
    assert.equal(made.keyId, data.generateClientEncryptionKey.keyId);
    assert.deepEqual([made.deviceId, made.userId, made.code], ["phone", "alice", null]);
    assert.ok(made.durationMs > of("encrypt success").durationMs);
    assert.equal(of("generate failure").code, "BAD_USER_INPUT");

    const summary = await summarize();
    assert.deepEqual(summary.keys, { active: 1, decryptOnly: 0, destroyed: 0 });
    assert.deepEqual(summary.devices, { seen: 1, registered: 1 });
  });

  test("cuts the timeframe into pieces that add up to the totals", async () => {
    for (let hour = 0; hour < 30; hour++) {
      record({ operation: "decrypt", durationMs: 1 });
      if (hour % 2) fail({ operation: "verify", reason: "WRONG_SECRET", durationMs: 1 }, 1);
      service.clock.advance(HOUR);
    }
    for (const [hours, pieces] of [
      [1, 60],
      [24, 24],
      [168, 56],
    ] as const) {
      const { series, totals, byReason } = await summarize(hours);
      assert.ok([pieces, pieces + 1].includes(series.length), `${series.length} pieces`);
      const sum = series.reduce((total: number, piece: any) => total + piece.attempts, 0);
      assert.equal(sum, totals.attempts);
      const failures = series.flatMap((piece: any) =>
        piece.byReason.map((each: any) => each.failures),
      );
      assert.equal(
        failures.reduce((total: number, count: number) => total + count, 0),
        byReason[0]?.failures ?? 0,
      );
    }
    assert.equal((await summarize(24)).byOperation[0].attempts, 23);
    assert.equal((await summarize(168)).byOperation[0].attempts, 30);
  });

  test("is for those who may see it, within the time that is kept", async () => {
    const codes = async (token: string | undefined, hours: number) =>
      (await service.graphql(SUMMARY, { hours }, token)).errors?.[0]?.extensions.code;
    assert.equal(await codes(undefined, 24), "UNAUTHENTICATED");
    assert.equal(await codes(user, 24), "FORBIDDEN");
    assert.equal(await codes(await service.token("root", "admin"), 24), undefined);
    assert.equal(await codes(watcher, 30 * 24), undefined);
    for (const hours of [0, -1, 30 * 24 + 1])
      assert.equal(await codes(watcher, hours), "BAD_USER_INPUT");
  });

  test("lists the keys that fail too often, and only those", async () => {
    const decrypt = (
      keyId: string,
      successes: number,
      failures: number,
      reason = "PAYLOAD_INVALID",
    ) => {
      for (let n = 0; n < successes; n++)
        record({ operation: "decrypt", keyId, deviceId: `of ${keyId}`, userId: "ada" });
      fail(
        { operation: "decrypt", keyId, deviceId: `of ${keyId}`, userId: "ada", reason },
        failures,
      );
    };
    decrypt("long ago", 0, 9);
    service.clock.advance(25 * HOUR);
    decrypt("half", 2, 2);
    decrypt("bad", 1, 4);
    decrypt("seldom used", 0, 3);
    decrypt("good", 9, 1);
    decrypt("without its key service", 0, 9, "KMS_UNAVAILABLE");
    fail({ operation: "verify", keyId: "of wrong secrets", reason: "WRONG_SECRET" }, 9);

    const { problemKeys, problemKeyRule } = await summarize();
    assert.deepEqual(problemKeyRule, { minimumAttempts: 4, failureRate: 0.5, windowHours: 24 });
    const lastFailureAt = service.clock.now().toISOString();
    assert.deepEqual(problemKeys, [
      {
        keyId: "bad",
        deviceId: "of bad",
        attempts: 5,
        failures: 4,
        failureRate: 0.8,
        lastFailureAt,
      },
      {
        keyId: "half",
        deviceId: "of half",
        attempts: 4,
        failures: 2,
        failureRate: 0.5,
        lastFailureAt,
      },
    ]);
    assert.equal((await service.app.get(ProblemKeys).find()).length, 2);
  });

  test("writes many rows at once", async () => {
    for (let n = 0; n < 1200; n++) record({ operation: "verify", durationMs: n });
    await flush();
    const [counted] = await service.database.orm
      .select({
        rows: sql<number>`count(*)::int`,
        transactions: sql<number>`count(distinct xmin::text)::int`,
      })
      .from(auditLog);
    assert.deepEqual(counted, { rows: 1200, transactions: 3 });
  });

  test("keeps the rows that the database does not take, and fails no request", async () => {
    const rename = (from: string, to: string) =>
      service.database.orm.execute(sql.raw(`alter table ${from} rename to ${to}`));
    await rename("audit_log", "elsewhere");
    const { errors, data } = await service.graphql(GENERATE, { deviceId: "tablet" }, user);
    await flush();
    await rename("elsewhere", "audit_log");
    assert.equal(errors, undefined);
    assert.ok(data.generateClientEncryptionKey.keyId);
    assert.match(service.logged(), /metrics could not be written/);
    assert.doesNotMatch(service.logged(), /insert into/i);
    assert.equal(await countRows(), 0);

    await flush();
    assert.deepEqual((await recorded()).rows, ["encrypt success", "generate success"]);
  });

  test("forgets what is older than it is kept for, in batches", async () => {
    for (let n = 0; n < 25; n++) record({ operation: "decrypt" });
    service.clock.advance(20 * DAY);
    for (let n = 0; n < 5; n++) record({ operation: "decrypt" });
    await flush();
    const retention = service.app.get(MetricsRetention);
    assert.equal(await retention.prune(10), 0);
    service.clock.advance(10 * DAY + MINUTE);
    assert.equal(await retention.prune(10), 25);
    assert.equal(await countRows(), 5);
  });

  test("writes the last rows when the service ends", async () => {
    const ending = await startTestService();
    try {
      ending.app
        .get(MetricsRecorder)
        .record({ operation: "verify", outcome: "success", durationMs: 1 });
      await ending.app.close();
      assert.equal(await ending.database.orm.$count(auditLog), 1);
    } finally {
      await ending.close();
    }
  });

  function record(operation: Partial<OperationRecord> & Pick<OperationRecord, "operation">): void {
    service.app.get(MetricsRecorder).record({ outcome: "success", durationMs: 1, ...operation });
  }

  function fail(operation: Parameters<typeof record>[0], times: number): void {
    for (let n = 0; n < times; n++) record({ ...operation, outcome: "failure" });
  }

  /** Percentiles are right to 5 %. */
  function assertNear(durations: Record<string, number>, expected: Record<string, number>): void {
    for (const [name, ms] of Object.entries(expected)) {
      assert.ok(Math.abs(durations[name]! / ms - 1) < 0.05, `${name} is ${durations[name]}`);
    }
  }

  async function recorded() {
    const rows = await service.database.orm.select().from(auditLog);
    const named = new Map(rows.map((row) => [`${row.operation} ${row.outcome}`, row]));
    return { rows: [...named.keys()].sort(), of: (name: string) => named.get(name)! };
  }

  function flush(): Promise<void> {
    return service.app.get(MetricsWriter).flush();
  }

  function countRows(): Promise<number> {
    return service.database.orm.$count(auditLog);
  }

  async function summarize(hours?: number) {
    await flush();
    const { data, errors } = await service.graphql(SUMMARY, { hours }, watcher);
    assert.equal(errors, undefined);
    return data.encryptionMetrics;
  }
});
