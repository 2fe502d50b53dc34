import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Clock } from "../src/common/clock.js";
import { post } from "./support/app.js";
import { Device } from "./support/device.js";
import { startInstance, type Instance } from "./support/instances.js";
import { KMS_CREDENTIALS, startTestKms, type TestKms } from "./support/kms.js";
import { createTestDatabase, type TestDatabase } from "./support/test-database.js";
import { signToken, TOKEN_SETTINGS } from "./support/tokens.js";

const MAIN = fileURLToPath(new URL("../src/main.js", import.meta.url));

let folder: string;
let kms: TestKms;
let database: TestDatabase | undefined;
let environment: Record<string, string>;
let instance: Instance;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-shutdown-"));
  kms = await startTestKms();
  database = await createTestDatabase();
  environment = {
    NODE_ENV: "test",
    DATA_DIR: folder,
    DAILY_TASK_MINUTES: "0",
    ...(database && { DATABASE_URL: database.url }),
    ...kms.settings,
    ...KMS_CREDENTIALS,
    ...TOKEN_SETTINGS,
  };
});
afterEach(async () => {
  kms.hanging = false;
  await instance?.kill("SIGKILL");
});
after(async () => {
  await kms.stop();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function deviceOf(user: string): Promise<Device> {
  const token = await signToken(user);
  const graphql = (query: string, variables?: object) =>
    post(instance.url, query, variables, token);
  return new Device({ graphql, clock: new Clock() }, token, user);
}

test("the service ends in its time, whatever still hangs", async () => {
  const settings = { SHUTDOWN_SECONDS: "2", KMS_TIMEOUT_SECONDS: "60" };
  instance = await startInstance({ ...environment, ...settings }, MAIN);
  const device = await deviceOf("ada");
  kms.hanging = true;
  const asking = device.generate().then(
    () => "answered",
    () => "cut off",
  );
  while (kms.hung === 0) await delay(10);
  await instance.kill("SIGTERM");
  // What it hung in goes on hanging for a minute.
  assert.equal(await asking, "cut off");
  assert.match(String(instance.lines.at(-1)!.msg), /^(ended|did not end well)$/);
});

test("the service says that it is not ready before it takes no more requests", async () => {
  const settings = { SHUTDOWN_SECONDS: "9", DRAIN_SECONDS: "3", PROBE_PORT: "0" };
  instance = await startInstance({ ...environment, ...settings }, MAIN);
  const device = await deviceOf("grace");
  const { url, probeUrl } = instance.lines.find(({ msg }) => msg === "listening") as {
    url: string;
    probeUrl: string;
  };
  const ready = async () => (await fetch(`${probeUrl}/readyz`)).status;
  assert.equal(await ready(), 200);
  const ending = instance.kill("SIGTERM");
  while ((await ready()) === 200) await delay(10);
  const report = (await (await fetch(`${probeUrl}/readyz`)).json()) as { ending: boolean };
  assert.equal(report.ending, true);
  assert.equal((await device.generate()).errors, undefined);
  assert.equal(await ending, 0);
  await assert.rejects(
    fetch(`${url}/livez`),
    ({ cause }: Error) => (cause as { code?: string }).code === "ECONNREFUSED",
  );
});
