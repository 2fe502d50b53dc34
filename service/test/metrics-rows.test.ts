import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { sql } from "drizzle-orm";
import { DAY, MINUTE } from "../src/common/durations.js";
import { auditLog } from "../src/database/schema/metrics.js";
import { Log } from "../src/logging/log.js";
import { MetricsRecorder } from "../src/metrics/metrics-recorder.js";
import { MetricsRetention } from "../src/metrics/metrics-retention.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { Prometheus } from "../src/prometheus/prometheus.js";
import { startTestService } from "./support/app.js";
import { MetricsScene } from "./support/metrics.js";

const GENERATE = `mutation ($deviceId: String!) {
  generateClientEncryptionKey(input: { deviceId: $deviceId, appVersion: "1.0" }) { keyId }
}`;

let scene: MetricsScene;
before(async () => {
  scene = await MetricsScene.start();
});
after(() => scene.service.close());
beforeEach(() => scene.clear());

test("a user who does very much makes few rows, and is counted all the same", async () => {
  const { AUDIT_USER_ROWS_PER_MINUTE } = scene.service.config;
  Object.assign(scene.service.config, { AUDIT_USER_ROWS_PER_MINUTE: 10 });
  const writer = new MetricsWriter(
    scene.service.config,
    scene.service.database,
    scene.service.app.get(Log),
    new Prometheus(),
  );
  Object.assign(scene.service.config, { AUDIT_USER_ROWS_PER_MINUTE });
  const recordedAt = scene.service.clock.now();
  for (let n = 0; n < 1000; n++) {
    const row = { operation: "verify", outcome: "failure", durationMs: 1 } as const;
    writer.add({ ...row, userId: "eve", code: "WRONG_SECRET", recordedAt });
  }
  await writer.flush();
  assert.equal(await scene.countRows(), 11);
  const [sum] = await scene.service.database.orm
    .select({ times: sql<number>`sum(times)::int` })
    .from(auditLog);
  assert.equal(sum!.times, 1000);
  const { totals, byReason } = await scene.summarize();
  assert.deepEqual([totals.attempts, byReason[0].failures], [1000, 1000]);
  assert.ok(totals.durations.p99Ms < 1.1);
});

test("the service records what requests do, and how they fail", async () => {
  const { data } = await scene.service.graphql(GENERATE, { deviceId: "phone" }, scene.user);
  await scene.service.graphql(GENERATE, { deviceId: "not a device id" }, scene.user);
  await scene.flush();
  const { rows, of } = await recorded();
  assert.deepEqual(rows, ["encrypt success", "generate failure", "generate success"]);
  const made = of("generate success");
  assert.equal(made.keyId, data.generateClientEncryptionKey.keyId);
  assert.deepEqual([made.deviceId, made.userId, made.code], ["phone", "alice", null]);
  assert.ok(made.durationMs > of("encrypt success").durationMs);
  assert.equal(of("generate failure").code, "BAD_USER_INPUT");

  const summary = await scene.summarize();
  assert.deepEqual(summary.keys, { active: 1, decryptOnly: 0, destroyed: 0 });
  assert.deepEqual(summary.devices, { seen: 1, registered: 1 });
});

test("the service writes many rows at once", async () => {
  for (let n = 0; n < 1200; n++) scene.record({ operation: "verify", durationMs: n });
  await scene.flush();
  const [counted] = await scene.service.database.orm
    .select({
      rows: sql<number>`count(*)::int`,
      transactions: sql<number>`count(distinct xmin::text)::int`,
    })
    .from(auditLog);
  assert.deepEqual(counted, { rows: 1200, transactions: 3 });
});

test("the service keeps the rows that the database does not take, and fails no request", async () => {
  const rename = (from: string, to: string) =>
    scene.service.database.orm.execute(sql.raw(`alter table ${from} rename to ${to}`));
  await rename("audit_log", "elsewhere");
  const { errors, data } = await scene.service.graphql(
    GENERATE,
    { deviceId: "tablet" },
    scene.user,
  );
  await scene.flush();
  await rename("elsewhere", "audit_log");
  assert.equal(errors, undefined);
  assert.ok(data.generateClientEncryptionKey.keyId);
  assert.match(scene.service.logged(), /metrics could not be written/);
  assert.doesNotMatch(scene.service.logged(), /insert into/i);
  assert.equal(await scene.countRows(), 0);

  await scene.flush();
  assert.deepEqual((await recorded()).rows, ["encrypt success", "generate success"]);
});

test("the service deletes rows that are older than they are kept for, in batches", async () => {
  for (let n = 0; n < 25; n++) scene.record({ operation: "decrypt" });
  scene.service.clock.advance(20 * DAY);
  for (let n = 0; n < 5; n++) scene.record({ operation: "decrypt" });
  await scene.flush();
  const retention = scene.service.app.get(MetricsRetention);
  assert.equal(await retention.prune(10), 0);
  scene.service.clock.advance(10 * DAY + MINUTE);
  assert.equal(await retention.prune(10), 25);
  assert.equal(await scene.countRows(), 5);
});

test("the service writes the last rows when it ends", async () => {
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

async function recorded() {
  const rows = await scene.service.database.orm.select().from(auditLog);
  const named = new Map(rows.map((row) => [`${row.operation} ${row.outcome}`, row]));
  return { rows: [...named.keys()].sort(), of: (name: string) => named.get(name)! };
}
