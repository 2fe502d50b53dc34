import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LocalKeyring } from "kms-envelope";
import pg from "pg";
import { Clock } from "../src/common/clock.js";
import { DAY } from "../src/common/durations.js";
import { loadConfig } from "../src/config/config.js";
import { openDatabase } from "../src/database/open.js";
import { createLog } from "../src/logging/log.js";
import { post } from "./support/app.js";
import { Device } from "./support/device.js";
import { launchInstance, startInstance, type Instance } from "./support/instances.js";
import { startTestIssuer, type TestIssuer } from "./support/issuer.js";
import { KMS_CREDENTIALS, startTestKms, type TestKms } from "./support/kms.js";
import { freePort, startPostgres, type PostgresServer } from "./support/postgres.js";
import { slowDown } from "./support/slow-down.js";
import { storeKeys } from "./support/stored-keys.js";
import { createTestDatabase } from "./support/test-database.js";
import { until } from "./support/until.js";
import { recoveryOf, Worker } from "./support/workload.js";

const MAIN = fileURLToPath(new URL("../src/main.js", import.meta.url));
const DUE_KEYS = 60;
const OLD_ROWS = 400;

let folder: string;
let server: PostgresServer;
let kms: TestKms;
let issuer: TestIssuer;
let environment: Record<string, string>;
let instances: Instance[];
let workers: Worker[];
let client: pg.Client;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-kills-"));
  [server, kms, issuer] = await Promise.all([startPostgres(), startTestKms(), startTestIssuer()]);
  environment = {
    ...kms.settings,
    ...KMS_CREDENTIALS,
    ...issuer.settings,
    NODE_ENV: "test",
    DATABASE_URL: server.url,
    DATA_DIR: folder,
    SHUTDOWN_SECONDS: "10",
    LIMIT_DEVICE_GENERATIONS: "100000",
    LIMIT_USER_GENERATIONS: "100000",
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
    LIMIT_USER_REQUESTS_PER_MINUTE: "0",
    CREDENTIAL_FREE_ATTEMPTS: "100",
    CREDENTIAL_LOCK_AFTER: "1000",
    CREDENTIAL_WINDOW_FAILURES: "1000",
    DAILY_TASK_MINUTES: "0",
    DAILY_TASK_BATCH: "20",
  };
  const ports = [await freePort(), await freePort()];
  instances = await Promise.all(ports.map((port) => start(String(port))));
  const sign = (user: string) => issuer.sign(user);
  const urls = instances.flatMap(({ url }) => [url, url]);
  workers = await Promise.all(urls.map((url) => Worker.at(url, sign)));
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const worker of workers) worker.start();
  await untilAllWork(performance.now());
});
after(async () => {
  kms.away = false;
  await Promise.all(workers?.map((worker) => worker.stop()) ?? []);
  await Promise.all(instances?.map((instance) => instance.kill("SIGKILL")) ?? []);
  await client?.end();
  await kms.stop();
  issuer.stop();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = (PORT: string) => startInstance({ ...environment, PORT }, MAIN);

/** Another process at the address of one that ended. */
async function startAgain(place: number): Promise<void> {
  instances[place] = await start(new URL(instances[place]!.url).port);
}

async function untilAllWork(since: number): Promise<string> {
  await until("recovery", () => Object.keys(recoveryOf(workers, since)).length === 2);
  return Object.values(recoveryOf(workers, since)).join(" and ");
}

async function count(query: string, ...values: unknown[]): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n ${query}`, values);
  return rows[0]!.n;
}

/** The same device, seen by both instances. */
async function newDevice(): Promise<[Device, Device]> {
  const [token, id] = [await issuer.sign(randomUUID()), randomUUID()];
  const [first, second] = instances.map(({ url }) => {
    const graphql = (query: string, variables?: object) => post(url, query, variables, token);
    return new Device({ graphql, clock: new Clock() }, token, id);
  });
  return [first!, second!];
}

/** Runs the daily task; undefined if nobody answered. */
async function runDailyTask({ url }: Instance) {
  const query = "mutation { runDailyTask { finishedAt destroyedKeys tamperedRows heldBack } }";
  return post(url, query, {}, await issuer.sign("root", "admin")).catch(() => undefined);
}

test("while KMS is slow, requests are answered in time", async (context) => {
  const begun = performance.now();
  kms.slownessMs = 300;
  await delay(2000);
  kms.slownessMs = 0;
  context.diagnostic(`recovered after ${await untilAllWork(performance.now())} ms`);
  const samples = workers.flatMap((worker) => worker.samples).filter((one) => one.begun >= begun);
  assert.ok(samples.some(({ failure }) => !failure));
  assert.deepEqual(
    samples.filter(({ begun: from, ended }) => ended - from > 10_000),
    [],
    "a client would have given up",
  );
});

test("of an instance killed while it makes a key, another one takes the device over", async (context) => {
  const [first, second] = await newDevice();
  kms.hanging = true;
  const asking = first.generate().catch(() => "nobody answered");
  const generations = "FROM key_generations WHERE device_id = $1";
  await until("the making", async () => (await count(generations, first.deviceId)) === 1);
  await instances[0]!.kill("SIGKILL");
  kms.hanging = false;
  assert.equal(await asking, "nobody answered");
  const killed = performance.now();
  assert.equal((await second.generate()).errors, undefined);
  context.diagnostic(`taken over after ${Math.round(performance.now() - killed)} ms`);
  assert.equal(await count("FROM client_keys WHERE device_id = $1", first.deviceId), 1);
  await startAgain(0);
});

test("after an instance was killed while it rotates a key, the key before decrypts, and can be rotated", async (context) => {
  const [first, second] = await newDevice();
  await second.submit("setTransactionPin", "271828");
  const { keyId } = await second.key();
  kms.hanging = true;
  const asking = second.rotate().catch(() => "nobody answered");
  const generations = "FROM key_generations WHERE device_id = $1";
  await until("the making", async () => (await count(generations, first.deviceId)) === 2);
  await instances[1]!.kill("SIGKILL");
  kms.hanging = false;
  assert.equal(await asking, "nobody answered");
  const killed = performance.now();
  const { data } = await first.submit("verifyTransactionPin", "271828");
  assert.equal(data.verifyTransactionPin.verified, true);
  assert.equal((await first.key()).keyId, keyId);
  assert.equal((await first.rotate()).errors, undefined);
  context.diagnostic(`rotated elsewhere after ${Math.round(performance.now() - killed)} ms`);
  assert.equal(await count("FROM client_keys WHERE device_id = $1", first.deviceId), 2);
  await startAgain(1);
});

test("after an instance was killed amid the daily task, another one finishes it", async (context) => {
  const config = loadConfig(environment);
  const database = await openDatabase(config, createLog("silent"));
  const retiredAt = new Date(Date.now() - 95 * DAY);
  await storeKeys(database, config, "of old", DUE_KEYS, retiredAt).finally(() => database.close());
  const destroyed = "FROM client_keys WHERE user_id = 'of old' AND state = 'destroyed'";
  await slowDown(client, { table: "client_keys", event: "UPDATE", seconds: 0.02 });
  const running = runDailyTask(instances[0]!);
  await until("destroying", async () => (await count(destroyed)) > 0);
  await instances[0]!.kill("SIGKILL");
  await running;
  const done = await count(destroyed);
  assert.ok(done < DUE_KEYS, "nothing was left to do");
  await client.query("DROP TRIGGER slowly ON client_keys");
  let run: any;
  const took = await until("the daily task", async () => {
    run = (await runDailyTask(instances[1]!))?.data?.runDailyTask;
    return run !== undefined;
  });
  context.diagnostic(`another instance finished it ${took} ms later`);
  const { finishedAt, ...result } = run;
  assert.ok(finishedAt);
  assert.deepEqual(result, { destroyedKeys: DUE_KEYS - done, tamperedRows: 0, heldBack: 0 });
  // They can be restored: no private key is gone.
  assert.equal(await count(`${destroyed} AND private_key IS NOT NULL`), DUE_KEYS);
  await startAgain(0);
});

test("an instance that is told to end, or killed, amid pruning leaves the rest to another one", async (context) => {
  await client.query(`INSERT INTO audit_log (recorded_at, operation, outcome, duration_ms)
    SELECT now() - interval '400 days', 'verify', 'success', 1 FROM generate_series(1, ${OLD_ROWS})`);
  const young = "FROM audit_log WHERE recorded_at > now() - interval '366 days'";
  const kept = await count(young);
  const old = "FROM audit_log WHERE recorded_at < now() - interval '366 days'";
  await slowDown(client, { table: "audit_log", event: "DELETE", seconds: 0.01 });
  // It looks at its start whether the task is due, and takes up what was cut off.
  const daily = { ...environment, DAILY_TASK_MINUTES: "1" };
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const left = await count(old);
    const instance = await startInstance(daily, MAIN);
    await until("pruning", async () => (await count(old)) < left);
    const told = performance.now();
    const code = await instance.kill(signal);
    context.diagnostic(`${signal}: ended after ${Math.round(performance.now() - told)} ms`);
    assert.equal(code, signal === "SIGTERM" ? 0 : null);
    assert.ok((await count(old)) > 0, "nothing was left to do");
  }
  await client.query("DROP TRIGGER slowly ON audit_log");
  const last = await startInstance(daily, MAIN);
  const finished = "FROM job_runs WHERE trigger = 'schedule' AND finished_at IS NOT NULL";
  const took = await until("the end of the run", async () => (await count(finished)) === 1);
  context.diagnostic(`another instance finished it within ${took} ms`);
  await last.kill("SIGTERM");
  assert.equal(await count(old), 0);
  assert.ok((await count(young)) >= kept, "more than was due is gone");
  assert.equal(await count("FROM job_runs WHERE trigger = 'schedule'"), 1);
});

test("after an instance was killed amid its migrations, the next one migrates, and starts", async (context) => {
  const database = (await createTestDatabase(server.url))!;
  const fresh = new pg.Client({ connectionString: database.url });
  await fresh.connect();
  try {
    await fresh.query(`CREATE FUNCTION slowly() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.1); END $$`);
    await fresh.query("CREATE EVENT TRIGGER slowly ON ddl_command_end EXECUTE FUNCTION slowly()");
    LocalKeyring.generate(path.join(folder, "migration.key"));
    const KMS_KEY_ID = `local:${path.join(folder, "migration.key")}`;
    const settings = { ...environment, KMS_KEY_ID, DATABASE_URL: database.url };
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
  [kms.away, issuer.away] = [true, true];
  const token = await issuer.sign("ada");
  const ask = ({ url }: Instance) => post(url, "{ whoAmI { userId } }", {}, token);
  await until("an outage", () =>
    workers.every(({ samples }) =>
      samples.some((one) => one.begun >= begun && one.failure === "KMS_UNAVAILABLE"),
    ),
  );
  for (const instance of instances) assert.equal((await ask(instance)).errors, undefined);
  kms.away = false;
  const back = performance.now();
  // One that has no keys of the issuer yet.
  const third = await startInstance({ ...environment, KMS_CACHE_SECONDS: "60" }, MAIN);
  const refused = await ask(third);
  assert.equal(refused.errors?.[0]?.extensions.code, "ISSUER_UNAVAILABLE");
  assert.equal(refused.errors?.[0]?.extensions.retryAfterSeconds, 5);
  issuer.away = false;
  const waited = await until("the issuer", async () => !(await ask(third)).errors);
  context.diagnostic(`tokens are checked ${waited} ms after the issuer was back`);
  await third.kill("SIGKILL");
  for (const device of await newDevice()) {
    await until("KMS", async () => !(await device.rotate()).errors);
    const took = Math.round(performance.now() - back);
    context.diagnostic(`an instance makes keys ${took} ms after KMS was back`);
  }
  const samples = workers.flatMap((worker) => worker.samples).filter((one) => one.begun >= begun);
  const failures = samples.filter(({ failure }) => failure !== undefined);
  context.diagnostic(`${samples.length} requests, ${failures.length} refused`);
  assert.deepEqual(
    failures.filter(({ failure }) => !["KMS_UNAVAILABLE", "WRONG_SECRET"].includes(failure!)),
    [],
  );
  for (const { failure, retryAfterSeconds } of failures) {
    if (failure === "KMS_UNAVAILABLE") assert.ok(retryAfterSeconds! >= 1);
  }
});

test("nothing that was acknowledged is lost, and nothing destroyed", async (context) => {
  await Promise.all(workers.map((worker) => worker.stop()));
  const keys = workers.flatMap((worker) => worker.keys);
  const there = "FROM client_keys WHERE id = ANY($1) AND private_key IS NOT NULL";
  assert.equal(await count(`${there} AND state <> 'destroyed'`, keys), keys.length);
  const withPin = workers.filter(({ pins }) => pins.length > 0);
  assert.ok(keys.length > 0 && withPin.length > 0, "nothing was acknowledged");
  for (const worker of withPin) assert.equal(await worker.verifiedPins(), 1);
  context.diagnostic(`${keys.length} keys and ${withPin.length} PINs are there`);
});
