import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { LocalKeyring } from "kms-envelope";
import pg from "pg";
import { KeyServiceClient } from "../client/index.js";
import { DAY } from "../src/common/durations.js";
import { post } from "./support/app.js";
import { startInstance, type Instance } from "./support/instances.js";
import { startPostgres, type PostgresServer } from "./support/postgres.js";
import { until } from "./support/until.js";
import { describeWaits, ISSUER, recoveryOf, tokenOf, Worker } from "./support/workload.js";

let folder: string;
let server: PostgresServer;
let environment: Record<string, string>;
let instances: Instance[];
let workers: Worker[];

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-chaos-"));
  const key = path.join(folder, "shared.key");
  LocalKeyring.generate(key);
  server = await startPostgres();
  environment = {
    NODE_ENV: "test",
    DATABASE_URL: server.url,
    DATABASE_POOL_SIZE: "4",
    DATA_DIR: folder,
    KMS_KEY_ID: `local:${key}`,
    ...ISSUER,
    LIMIT_DEVICE_GENERATIONS: "100000",
    LIMIT_USER_GENERATIONS: "100000",
    LIMIT_ADDRESS_GENERATIONS: "100000",
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
    LIMIT_USER_REQUESTS_PER_MINUTE: "0",
    CREDENTIAL_FREE_ATTEMPTS: "100",
    CREDENTIAL_LOCK_AFTER: "1000",
    CREDENTIAL_WINDOW_FAILURES: "1000",
    DAILY_TASK_MINUTES: "1",
    TEST_CLOCK_JUMP_MS: String(200 * DAY),
  };
  instances = await Promise.all([startInstance(environment), startInstance(environment)]);
  const urls = instances.flatMap(({ url }) => [url, url, url]);
  workers = await Promise.all(urls.map((url) => Worker.at(url)));
  for (const worker of workers) worker.start();
  await untilAllWork(performance.now());
});

after(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(instances.map((instance) => instance.kill("SIGTERM")));
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Does it to the database while all are at work. Each request is answered, or refused with a time to wait,
 * and all work again; how long that took is printed.
 */
async function disturb(context: TestContext, harm: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  await harm();
  const times = await untilAllWork(performance.now());
  context.diagnostic(`recovered after ${Object.values(times).join(" and ")} ms`);
  const samples = workers.flatMap((worker) => worker.samples.filter((one) => one.ended >= begun));
  const failures = samples.filter(({ failure }) => failure !== undefined);
  context.diagnostic(describeWaits(samples));
  assert.deepEqual(
    failures.filter(({ failure }) => !["DATABASE_UNAVAILABLE", "WRONG_SECRET"].includes(failure!)),
    [],
  );
  for (const { failure, retryAfterSeconds } of failures) {
    if (failure === "DATABASE_UNAVAILABLE") assert.equal(retryAfterSeconds, 1);
  }
  for (const instance of instances) assert.equal(instance.exitCode(), null);
}

async function untilAllWork(since: number): Promise<Record<string, number>> {
  const times = () => recoveryOf(workers, since);
  await until("recovery", () => Object.keys(times()).length === instances.length);
  return times();
}

async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Of the instances. */
async function endSessions(client: pg.Client): Promise<void> {
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kms-envelope-service'",
  );
}

const sqlStatesLogged = () =>
  instances.map(({ lines }) => new Set(lines.map(({ sqlState, reason }) => sqlState ?? reason)));

test("a restart of PostgreSQL ends no instance", async (context) => {
  await disturb(context, () => server.restart("fast"));
  for (const states of sqlStatesLogged()) assert.ok(states.has("57P01"), [...states].join());
});

test("a crash of PostgreSQL ends no instance", async (context) => {
  await disturb(context, () => server.restart("immediate"));
});

test("terminated backends end no instance, and use up no connection of the pool", async (context) => {
  // More often than the pool has connections: one that was lost for good each time would show.
  const rounds = 12;
  await disturb(context, () =>
    withClient(async (client) => {
      for (let i = 0; i < rounds; i++) {
        await endSessions(client);
        await delay(100);
      }
    }),
  );
});

test("while statements hang and the pool is used up, requests are answered", async (context) => {
  await disturb(context, () =>
    withClient(async (client) => {
      await client.query("BEGIN");
      await client.query("LOCK TABLE credentials, client_keys IN ACCESS EXCLUSIVE MODE");
      const locked = performance.now();
      // For as long as it takes: nobody waits for the lock to end.
      await until("an answer to everybody", () =>
        workers.every(({ samples }) =>
          samples.some((one) => one.begun >= locked && one.failure === "DATABASE_UNAVAILABLE"),
        ),
      );
      await client.query("ROLLBACK");
    }),
  );
});

test("a server that turned read-only, as in a failover, is left for one that writes", async (context) => {
  await disturb(context, () =>
    withClient(async (client) => {
      // For sessions that begin later: this one began before.
      await client.query("ALTER DATABASE postgres SET default_transaction_read_only = on");
      try {
        await endSessions(client);
        await until("a refusal", () => sqlStatesLogged().every((states) => states.has("25006")));
      } finally {
        await client.query("ALTER DATABASE postgres RESET default_transaction_read_only");
      }
    }),
  );
});

test("while whoever looks at metrics waits, users are served", async (context) => {
  await disturb(context, () =>
    withClient(async (client) => {
      await client.query("BEGIN");
      // In the order in which they are written to.
      await client.query("LOCK TABLE audit_log, metric_counts IN ACCESS EXCLUSIVE MODE");
      const locked = performance.now();
      const token = await tokenOf("watcher", "metrics");
      // More than there are connections for metrics.
      const looking = [1, 2, 3, 4, 5, 6].flatMap((hours) =>
        instances.map(({ url }) =>
          post(url, `{ encryptionMetrics(timeframeHours: ${hours}) { from } }`, {}, token),
        ),
      );
      await until("work of all", () =>
        workers.every(({ samples }) =>
          samples.some((one) => one.begun >= locked && one.failure === undefined),
        ),
      );
      await client.query("ROLLBACK");
      await Promise.all(looking);
    }),
  );
});

test(
  "a full disk is answered, and over when there is room again",
  { skip: process.getuid?.() !== 0 && "mounting a small disk needs root" },
  async (context) => {
    const disk = path.join(server.folder, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", disk]);
    try {
      chmodSync(disk, 0o777);
      execFileSync("chown", ["postgres", disk]);
      await withClient(async (client) => {
        await client.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
        await client.query("VACUUM FULL client_keys");
        await client.query("ALTER TABLE client_keys SET TABLESPACE small");
        await client.query("CREATE TABLE filler (bytes text) TABLESPACE small");
        await disturb(context, async () => {
          const fill = "INSERT INTO filler SELECT repeat('-', 2000) FROM generate_series(1, $1)";
          for (let rows = 2000; rows >= 1;) {
            const { code } = await client.query(fill, [rows]).then(
              () => ({ code: undefined }),
              (error: pg.DatabaseError) => error,
            );
            if (code) rows = Math.floor(rows / 2);
            if (code) assert.equal(code, "53100");
          }
          const full = () => sqlStatesLogged().some((states) => states.has("53100"));
          await until("a refusal", full);
          await client.query("ALTER TABLE client_keys SET TABLESPACE pg_default");
        });
        await client.query("DROP TABLE filler");
        await client.query("DROP TABLESPACE small");
      });
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  },
);

test("a client rides out a restart without an error", async () => {
  const [{ url }] = instances as [Instance];
  const client = new KeyServiceClient({
    url: `${url}/graphql`,
    token: await tokenOf("rider"),
    deviceId: "rider",
    appVersion: "1.0.0",
    attempts: 20,
  });
  await client.setPin("271828");
  const restarted = server.restart("fast");
  await delay(100);
  const codes: string[] = [];
  for (let i = 0; i < 5; i++) {
    const outcome = await client.verifyPin("271828").then(
      ({ verified }) => String(verified),
      ({ code }: { code: string }) => code,
    );
    codes.push(outcome);
  }
  await restarted;
  // The answer to one that was under way may be lost; then the person is asked again.
  assert.deepEqual(
    codes.filter((code) => !["true", "OUTCOME_UNKNOWN"].includes(code)),
    [],
  );
});

test("an instance whose clock jumps 200 days ahead refuses, and the other one works on", async (context) => {
  const [wrong, right] = instances as [Instance, Instance];
  wrong.jumpClock();
  const jumped = performance.now();
  const token = await tokenOf("root", "admin");
  const run = "mutation { runDailyTask { retiredKeys destroyedKeys } }";
  let answer = await post(wrong.url, run, {}, token);
  for (; !answer.errors; answer = await post(wrong.url, run, {}, token)) {
    assert.deepEqual(answer.data.runDailyTask, { retiredKeys: 0, destroyedKeys: 0 });
  }
  context.diagnostic(`refused after ${Math.round(performance.now() - jumped)} ms`);
  assert.equal(answer.errors[0]!.extensions.code, "CLOCK_DIFFERS");
  assert.equal((await fetch(`${wrong.url}/readyz`)).status, 503);
  const { data } = await post(right.url, run, {}, token);
  assert.deepEqual(data.runDailyTask, { retiredKeys: 0, destroyedKeys: 0 });
  const ahead = { ...environment, TEST_CLOCK_AHEAD_MS: String(200 * DAY) };
  await assert.rejects(startInstance(ahead), /ended with 1/);
  await withClient(async (client) => {
    const { rows } = await client.query(
      "SELECT count(*)::int AS n FROM client_keys WHERE private_key IS NULL",
    );
    assert.equal(rows[0].n, 0);
  });
});

test("nothing that was acknowledged is lost", async (context) => {
  await Promise.all(workers.map((worker) => worker.stop()));
  const keys = workers.flatMap((worker) => worker.keys);
  const { rowCount } = await withClient((client) =>
    client.query("SELECT id FROM client_keys WHERE id = ANY($1) AND private_key IS NOT NULL", [
      keys,
    ]),
  );
  assert.equal(rowCount, keys.length);
  const wrong = instances[0]!.url;
  const withPin = workers.filter(({ pins, url }) => pins.length > 0 && url !== wrong);
  assert.ok(keys.length > 0 && withPin.length > 0, "nothing was acknowledged");
  for (const worker of withPin) assert.equal(await worker.verifiedPins(), 1);
  context.diagnostic(`${keys.length} keys and ${withPin.length} PINs are there`);
});
