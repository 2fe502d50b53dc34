import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { HOUR, later, MINUTE } from "../src/common/durations.js";
import { metricCounts, metricDurations } from "../src/database/schema/metrics.js";
import { cutIntoBuckets } from "../src/metrics/buckets.js";
import { ProblemKeys } from "../src/metrics/problem-keys.js";
import { MetricsScene, SUMMARY } from "./support/metrics.js";

let scene: MetricsScene;
before(async () => {
  scene = await MetricsScene.start();
});
after(() => scene.service.close());
beforeEach(() => scene.clear());

test("a summary has totals, rates and percentiles, by operation and by reason", async () => {
  for (let ms = 1; ms <= 100; ms++) scene.record({ operation: "decrypt", durationMs: ms });
  for (let ms = 1; ms <= 4; ms++) scene.record({ operation: "generate", durationMs: 100 * ms });
  scene.fail({ operation: "decrypt", reason: "PAYLOAD_INVALID", durationMs: 50.5 }, 3);
  scene.fail({ operation: "verify", reason: "WRONG_SECRET", durationMs: 10 }, 1);

  const summary = await scene.summarize();
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
  scene.record({ operation: "decrypt", durationMs: 3 });
  await scene.flush();
  const query = "query { getEncryptionMetricsSummary(timeframeHours: 24) }";
  const { data, errors } = await scene.service.graphql(query, {}, scene.watcher);
  assert.equal(errors, undefined);
  const summary = data.getEncryptionMetricsSummary;
  const { until, ...typed } = await scene.summarize(24);
  assert.equal(summary.timeframeHours, 24);
  assert.equal(summary.totals.attempts, 1);
  assert.deepEqual(summary.byOperation, typed.byOperation);
  assert.equal(summary.until, until);
  assert.equal(summary.series.length, typed.series.length);
  const refused = await scene.service.graphql(query, {}, scene.user);
  assert.equal(refused.errors?.[0]?.extensions.code, "FORBIDDEN");
});

test("a summary tells the failures of the service from those of callers", async () => {
  for (let n = 0; n < 6; n++) scene.record({ operation: "decrypt" });
  scene.fail({ operation: "verify", reason: "WRONG_SECRET" }, 3);
  scene.fail({ operation: "decrypt", reason: "KMS_UNAVAILABLE" }, 1);
  const { totals } = await scene.summarize();
  assert.deepEqual([totals.callerFailures, totals.serviceFailures], [3, 1]);
  assert.deepEqual([totals.successRate, totals.availability], [0.6, 0.9]);
});

test("a summary says that there is nothing to sum up", async () => {
  const { totals, byOperation, byReason, problemKeys } = await scene.summarize();
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

test("a summary cuts the timeframe into pieces that add up to the totals", async () => {
  for (let hour = 0; hour < 30; hour++) {
    scene.record({ operation: "decrypt", durationMs: 1 });
    if (hour % 2) scene.fail({ operation: "verify", reason: "WRONG_SECRET", durationMs: 1 }, 1);
    scene.service.clock.advance(HOUR);
  }
  for (const [hours, pieces] of [
    [1, 60],
    [24, 24],
    [168, 56],
  ] as const) {
    const { series, totals, byReason } = await scene.summarize(hours);
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
  assert.equal((await scene.summarize(24)).byOperation[0].attempts, 23);
  assert.equal((await scene.summarize(168)).byOperation[0].attempts, 30);
});

test("what a summary reads does not grow with the number of operations", async () => {
  const stored = async () => {
    await scene.flush();
    const { orm } = scene.service.database;
    return [await orm.$count(metricCounts), await orm.$count(metricDurations)];
  };
  scene.record({ operation: "decrypt", durationMs: 1 });
  const first = await stored();
  for (let ms = 1; ms <= 700; ms++) scene.record({ operation: "decrypt", durationMs: ms });
  assert.deepEqual(await stored(), first);
  assert.equal((await scene.summarize()).totals.attempts, 701);
});

test("each piece of a timeframe is made of at most 3 steps that are counted", () => {
  const now = scene.service.clock.now();
  for (let hours = 1; hours <= 90 * 24; hours++) {
    const { stepMs, counted, starts } = cutIntoBuckets(later(now, -hours * HOUR), now, false);
    assert.ok(starts.length <= 62 && stepMs <= 3 * counted * MINUTE, `${hours} hours`);
  }
});

test("a summary is for those who may see it, within the time that is kept", async () => {
  const codes = async (token: string | undefined, hours: number) =>
    (await scene.service.graphql(SUMMARY, { hours }, token)).errors?.[0]?.extensions.code;
  assert.equal(await codes(undefined, 24), "UNAUTHENTICATED");
  assert.equal(await codes(scene.user, 24), "FORBIDDEN");
  assert.equal(await codes(await scene.service.token("root", "admin"), 24), undefined);
  assert.equal(await codes(scene.watcher, 30 * 24), undefined);
  for (const hours of [0, -1, 30 * 24 + 1])
    assert.equal(await codes(scene.watcher, hours), "BAD_USER_INPUT");
});

test("a summary lists the keys that fail too often, and only those", async () => {
  const decrypt = (
    keyId: string,
    successes: number,
    failures: number,
    reason = "PAYLOAD_INVALID",
  ) => {
    for (let n = 0; n < successes; n++)
      scene.record({ operation: "decrypt", keyId, deviceId: `of ${keyId}`, userId: "ada" });
    scene.fail(
      { operation: "decrypt", keyId, deviceId: `of ${keyId}`, userId: "ada", reason },
      failures,
    );
  };
  decrypt("long ago", 0, 9);
  scene.service.clock.advance(25 * HOUR);
  decrypt("half", 2, 2);
  decrypt("bad", 1, 4);
  decrypt("seldom used", 0, 3);
  decrypt("good", 9, 1);
  decrypt("without its key service", 0, 9, "KMS_UNAVAILABLE");
  scene.fail({ operation: "verify", keyId: "of wrong secrets", reason: "WRONG_SECRET" }, 9);

  const { problemKeys, problemKeyRule } = await scene.summarize();
  assert.deepEqual(problemKeyRule, { minimumAttempts: 4, failureRate: 0.5, windowHours: 24 });
  const lastFailureAt = scene.service.clock.now().toISOString();
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
  assert.equal((await scene.service.app.get(ProblemKeys).find()).length, 2);
});

/** Percentiles are right to 5 %. */
function assertNear(durations: Record<string, number>, expected: Record<string, number>): void {
  for (const [name, ms] of Object.entries(expected)) {
    assert.ok(Math.abs(durations[name]! / ms - 1) < 0.05, `${name} is ${durations[name]}`);
  }
}
