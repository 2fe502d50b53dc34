import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { SignJWT } from "jose";
import { LocalKeyring } from "kms-envelope";
import pg from "pg";
import { Clock } from "../src/common/clock.js";
import { post, type GraphQLAnswer } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";
import { startInstance, type Instance } from "./support/instances.js";
import { createTestDatabase, type TestDatabase } from "./support/test-database.js";
import { until } from "./support/until.js";

const SECRET = "a shared secret of the tests alone, long enough";

let folder: string;
let database: TestDatabase;
let client: pg.Client;
let environment: Record<string, string>;
let instances: Instance[];

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-instances-"));
  const key = path.join(folder, "shared.key");
  LocalKeyring.generate(key);
  database = (await createTestDatabase())!;
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  environment = {
    NODE_ENV: "test",
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    KMS_KEY_ID: `local:${key}`,
    AUTH_SHARED_SECRET: SECRET,
    AUTH_ISSUER: "tests",
    AUTH_AUDIENCE: "service",
    LIMIT_ADDRESS_GENERATIONS: "100000",
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
    LIMIT_USER_REQUESTS_PER_MINUTE: "0",
    DAILY_TASK_MINUTES: "1",
  };
  // Both migrate, and make the service's secrets, at the same time.
  instances = await Promise.all([startInstance(environment), startInstance(environment)]);
});

after(async () => {
  await Promise.all(instances.map((instance) => instance.kill("SIGTERM")));
  await client.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function tokenOf(userId: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuer("tests")
    .setAudience("service")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}

/** The same device, seen by each instance. */
async function deviceAt(...urls: string[]): Promise<Device[]> {
  const [token, id] = [await tokenOf(randomUUID()), randomUUID()];
  return urls.map((url) => {
    const graphql = (query: string, variables?: object) => post(url, query, variables, token);
    return new Device({ graphql, clock: new Clock() }, token, id);
  });
}

async function count(query: string, ...values: unknown[]): Promise<number> {
  const { rows } = await client.query<{ n: string }>(query, values);
  return Number(rows[0]!.n);
}

const keyOf = ({ data }: GraphQLAnswer): string | undefined =>
  (data?.generateClientEncryptionKey ?? data?.rotateClientEncryptionKey)?.keyId;

test("fifty at once for a new device, at two instances, make one key", async () => {
  const devices = await deviceAt(...instances.map(({ url }) => url));
  const asking = Array.from({ length: 50 }, (_, i) => devices[i % 2]!.generate());
  const ids = new Set((await Promise.all(asking)).map(keyOf));
  assert.equal(ids.size, 1);
  assert.ok(!ids.has(undefined));
  const { deviceId } = devices[0]!;
  assert.equal(await count("SELECT count(*) n FROM client_keys WHERE device_id = $1", deviceId), 1);
});

test("of fifty rotations at once, at two instances, five are made", async () => {
  const devices = await deviceAt(...instances.map(({ url }) => url));
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => devices[i % 2]!.rotate()));
  const keyIds = new Set(answers.map(keyOf).filter((id) => id !== undefined));
  assert.equal(keyIds.size, 5);
  assert.equal(answers.filter((answer) => codeOf(answer) === "KEY_LIMIT_REACHED").length, 45);
  const { deviceId } = devices[0]!;
  const ofDevice = "SELECT count(*) n FROM client_keys WHERE device_id = $1";
  assert.equal(await count(ofDevice, deviceId), 5);
  assert.equal(await count(`${ofDevice} AND state = 'active'`, deviceId), 1);
});

test("a payload sent to both instances at once is taken by one", async () => {
  const [first, second] = await deviceAt(...instances.map(({ url }) => url));
  await first!.submit("setUserPasscode", "correct horse");
  const key = await first!.key();
  const payload = first!.encrypt(key, "verifyUserPasscode", "correct horse");
  const sending = [first, second, first, second].map((device) =>
    device!.send("verifyUserPasscode", { keyId: key.keyId, payload }),
  );
  const answers = await Promise.all(sending);
  assert.equal(answers.filter(({ data }) => data?.verifyUserPasscode.verified).length, 1);
  assert.equal(answers.filter((answer) => codeOf(answer) === "PAYLOAD_REPLAYED").length, 3);
});

test("the daily task ran once, although both instances looked", async () => {
  const runs = "SELECT count(*) n FROM job_runs WHERE finished_at IS NOT NULL";
  await until("the daily task", async () => (await count(runs)) > 0);
  assert.equal(await count("SELECT count(*) n FROM job_runs"), 1);
  const lines = instances.flatMap((instance) => instance.lines);
  assert.equal(lines.filter(({ msg }) => msg === "the daily task is done").length, 1);
});

test("killing an instance amid its work loses nothing", async () => {
  const doomed = await startInstance(environment);
  const survivor = instances[0]!;
  const devices = await Promise.all(
    Array.from({ length: 12 }, () => deviceAt(doomed.url, survivor.url)),
  );
  const answered: string[] = [];
  const asking = devices.map(async ([atDoomed, atSurvivor]) => {
    for (const device of [atDoomed!, atDoomed!, atSurvivor!]) {
      const id = await device.generate().then(keyOf, () => undefined);
      if (id) answered.push(id);
    }
  });
  // Some have their answer, others do not.
  await until("an answer", () => answered.length > 0);
  await doomed.kill("SIGKILL");
  await Promise.all(asking);
  // Who was answered has that key, and everybody has one in the end, which decrypts.
  const known = await client.query("SELECT id FROM client_keys WHERE id = ANY($1)", [answered]);
  assert.equal(known.rowCount, new Set(answered).size);
  for (const [, device] of devices) {
    const set = await device!.submit("setTransactionPin", "8642");
    assert.equal(set.errors, undefined);
    const active = "SELECT count(*) n FROM client_keys WHERE device_id = $1 AND state = 'active'";
    assert.equal(await count(active, device!.deviceId), 1);
  }
});
