import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { LocalKeyring } from "kms-envelope";
import pg from "pg";
import { DAY } from "../src/common/durations.js";
import { loadConfig } from "../src/config/config.js";
import { openDatabase } from "../src/database/open.js";
import { createLog } from "../src/logging/log.js";
import { post } from "./support/app.js";
import { Fleet, MAIN } from "./support/fleet.js";
import { launchInstance, startInstance, type Instance } from "./support/instances.js";
import { slowDown } from "./support/slow-down.js";
import { storeKeys } from "./support/stored-keys.js";
import { createTestDatabase } from "./support/test-database.js";
import { until } from "./support/until.js";
import { describeWaits } from "./support/workload.js";

const DUE_KEYS = 60;
const OLD_ROWS = 400;

let fleet: Fleet;
before(async () => {
  fleet = await Fleet.start();
});
after(() => fleet.stop());

test("while KMS is slow, requests are answered", async (context) => {
  const begun = performance.now();
  fleet.kms.slownessMs = 300;
  const samples = () =>
    fleet.workers.map((worker) => worker.samples.filter((one) => one.begun >= begun));
  await until("an answer to everybody", () =>
    samples().every((ofWorker) => ofWorker.some(({ failure }) => !failure)),
  );
  fleet.kms.slownessMs = 0;
  context.diagnostic(`recovered after ${await fleet.untilAllWork(performance.now())} ms`);
  context.diagnostic(describeWaits(samples().flat()));
  const others = samples()
    .flat()
    .filter(({ failure }) => failure && !["KMS_UNAVAILABLE", "WRONG_SECRET"].includes(failure));
  assert.deepEqual(others, []);
});

test("another instance takes over a device whose key an instance was making when it was killed", async (context) => {
  const [first, second] = await fleet.newDevice();
  fleet.kms.hanging = true;
  const asking = first.generate().catch(() => "nobody answered");
  const generations = "FROM key_generations WHERE device_id = $1";
  await until("the making", async () => (await fleet.count(generations, first.deviceId)) === 1);
  await fleet.instances[0]!.kill("SIGKILL");
  fleet.kms.hanging = false;
  assert.equal(await asking, "nobody answered");
  const killed = performance.now();
  assert.equal((await second.generate()).errors, undefined);
  context.diagnostic(`taken over after ${Math.round(performance.now() - killed)} ms`);
  assert.equal(await fleet.count("FROM client_keys WHERE device_id = $1", first.deviceId), 1);
  await fleet.startAgain(0);
});

test("after an instance was killed while it rotates a key, the key before decrypts, and can be rotated", async (context) => {
  const [first, second] = await fleet.newDevice();
  await second.submit("setTransactionPin", "271828");
  const { keyId } = await second.key();
  fleet.kms.hanging = true;
  const asking = second.rotate().catch(() => "nobody answered");
  const generations = "FROM key_generations WHERE device_id = $1";
  await until("the making", async () => (await fleet.count(generations, first.deviceId)) === 2);
  await fleet.instances[1]!.kill("SIGKILL");
  fleet.kms.hanging = false;
  assert.equal(await asking, "nobody answered");
  const killed = performance.now();
  const { data } = await first.submit("verifyTransactionPin", "271828");
  assert.equal(data.verifyTransactionPin.verified, true);
  assert.equal((await first.key()).keyId, keyId);
  assert.equal((await first.rotate()).errors, undefined);
  context.diagnostic(`rotated elsewhere after ${Math.round(performance.now() - killed)} ms`);
  assert.equal(await fleet.count("FROM client_keys WHERE device_id = $1", first.deviceId), 2);
  await fleet.startAgain(1);
});

test("after an instance was killed amid the daily task, another one finishes it", async (context) => {
  const config = loadConfig(fleet.environment);
  const database = await openDatabase(config, createLog("silent"));
  const retiredAt = new Date(Date.now() - 95 * DAY);
  await storeKeys(database, config, "of old", DUE_KEYS, retiredAt).finally(() => database.close());
  const destroyed = "FROM client_keys WHERE user_id = 'of old' AND state = 'destroyed'";
  await slowDown(fleet.client, { table: "client_keys", event: "UPDATE", seconds: 0.02 });
  const running = fleet.runDailyTask(fleet.instances[0]!);
  await until("destroying", async () => (await fleet.count(destroyed)) > 0);
  await fleet.instances[0]!.kill("SIGKILL");
  await running;
  const done = await fleet.count(destroyed);
  assert.ok(done < DUE_KEYS, "nothing was left to do");
  await fleet.client.query("DROP TRIGGER slowly ON client_keys");
  let run: any;
  const took = await until("the daily task", async () => {
    run = (await fleet.runDailyTask(fleet.instances[1]!))?.data?.runDailyTask;
    return run !== undefined;
  });
  context.diagnostic(`another instance finished it ${took} ms later`);
  const { finishedAt, ...result } = run;
  assert.ok(finishedAt);
  assert.deepEqual(result, { destroyedKeys: DUE_KEYS - done, tamperedRows: 0, heldBack: 0 });
  // They can be restored: no private key is gone.
  assert.equal(await fleet.count(`${destroyed} AND private_key IS NOT NULL`), DUE_KEYS);
  await fleet.startAgain(0);
});

test("an instance that is told to end, or killed, amid pruning leaves the rest to another one", async (context) => {
  await fleet.client.query(`INSERT INTO audit_log (recorded_at, operation, outcome, duration_ms)
    SELECT now() - interval '400 days', 'verify', 'success', 1 FROM generate_series(1, ${OLD_ROWS})`);
  const young = "FROM audit_log WHERE recorded_at > now() - interval '366 days'";
  const kept = await fleet.count(young);
  const old = "FROM audit_log WHERE recorded_at < now() - interval '366 days'";
  await slowDown(fleet.client, { table: "audit_log", event: "DELETE", seconds: 0.01 });
  // It looks at its start whether the task is due, and takes up what was cut off.
  const daily = { ...fleet.environment, DAILY_TASK_MINUTES: "1" };
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const left = await fleet.count(old);
    const instance = await startInstance(daily, MAIN);
    await until("pruning", async () => (await fleet.count(old)) < left);
    const told = performance.now();
    const code = await instance.kill(signal);
    context.diagnostic(`${signal}: ended after ${Math.round(performance.now() - told)} ms`);
    assert.equal(code, signal === "SIGTERM" ? 0 : null);
    assert.ok((await fleet.count(old)) > 0, "nothing was left to do");
  }
  await fleet.client.query("DROP TRIGGER slowly ON audit_log");
  const last = await startInstance(daily, MAIN);
  const finished = "FROM job_runs WHERE trigger = 'schedule' AND finished_at IS NOT NULL";
  const took = await until("the end of the run", async () => (await fleet.count(finished)) === 1);
  context.diagnostic(`another instance finished it within ${took} ms`);
  await last.kill("SIGTERM");
  assert.equal(await fleet.count(old), 0);
  assert.ok((await fleet.count(young)) >= kept, "more than was due is gone");
  assert.equal(await fleet.count("FROM job_runs WHERE trigger = 'schedule'"), 1);
});

test("after an instance was killed amid its migrations, the next one migrates, and starts", async (context) => {
  const database = (await createTestDatabase(fleet.server.url))!;
  const fresh = new pg.Client({ connectionString: database.url });
  await fresh.connect();
  try {
    await fresh.query(`CREATE FUNCTION slowly() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.1); END $$`);
    await fresh.query("CREATE EVENT TRIGGER slowly ON ddl_command_end EXECUTE FUNCTION slowly()");
    LocalKeyring.generate(path.join(fleet.folder, "migration.key"));
    const KMS_KEY_ID = `local:${path.join(fleet.folder, "migration.key")}`;
    const settings = { ...fleet.environment, KMS_KEY_ID, DATABASE_URL: database.url };
    const doomed = launchInstance(settings, MAIN);
    const migrating = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE '%CREATE TABLE "client_keys"%'
      AND pid <> pg_backend_pid()`;
    await until("a migration", async () => (await fresh.query(migrating)).rows[0].n > 0);
    await doomed.kill("SIGKILL");
    await fresh.query("DROP EVENT TRIGGER slowly");
    const killed = performance.now();
    const next = await startInstance(settings, MAIN);
    context.diagnostic(`started ${Math.round(performance.now() - killed)} ms later`);
    assert.equal((await fetch(`${next.url}/readyz`)).status, 200);
    await next.kill("SIGTERM");
  } finally {
    await fresh.end();
    await database.drop();
  }
});

test("while KMS and the issuer are away, requests say so, and all is well when they are back", async (context) => {
  const begun = performance.now();
  [fleet.kms.away, fleet.issuer.away] = [true, true];
  const token = await fleet.issuer.sign("ada");
  const ask = ({ url }: Instance) => post(url, "{ whoAmI { userId } }", {}, token);
  await until("an outage", () =>
    fleet.workers.every(({ samples }) =>
      samples.some((one) => one.begun >= begun && one.failure === "KMS_UNAVAILABLE"),
    ),
  );
  for (const instance of fleet.instances) assert.equal((await ask(instance)).errors, undefined);
  fleet.kms.away = false;
  const back = performance.now();
  // One that has no keys of the issuer yet.
  const third = await startInstance({ ...fleet.environment, KMS_CACHE_SECONDS: "60" }, MAIN);
  const refused = await ask(third);
  assert.equal(refused.errors?.[0]?.extensions.code, "ISSUER_UNAVAILABLE");
  assert.equal(refused.errors?.[0]?.extensions.retryAfterSeconds, 5);
  fleet.issuer.away = false;
  const waited = await until("the issuer", async () => !(await ask(third)).errors);
  context.diagnostic(`tokens are checked ${waited} ms after the issuer was back`);
  await third.kill("SIGKILL");
  for (const device of await fleet.newDevice()) {
    await until("KMS", async () => !(await device.rotate()).errors);
    const took = Math.round(performance.now() - back);
    context.diagnostic(`an instance makes keys ${took} ms after KMS was back`);
  }
  const samples = fleet.workers
    .flatMap((worker) => worker.samples)
    .filter((one) => one.begun >= begun);
  const failures = samples.filter(({ failure }) => failure !== undefined);
  context.diagnostic(describeWaits(samples));
  assert.deepEqual(
    failures.filter(({ failure }) => !["KMS_UNAVAILABLE", "WRONG_SECRET"].includes(failure!)),
    [],
  );
  for (const { failure, retryAfterSeconds } of failures) {
    if (failure === "KMS_UNAVAILABLE") assert.ok(retryAfterSeconds! >= 1);
  }
});

test("nothing that was acknowledged is lost, and nothing destroyed", async (context) => {
  const { keys, keysThere, pins, pinsThere } = await fleet.acknowledged();
  assert.ok(keys > 0 && pins > 0, "nothing was acknowledged");
  assert.deepEqual([keysThere, pinsThere], [keys, pins]);
  context.diagnostic(`${keys} keys and ${pins} PINs are there`);
});
