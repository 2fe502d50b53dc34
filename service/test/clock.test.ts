import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { Tokens } from "../src/auth/tokens.js";
import { Clock } from "../src/common/clock.js";
import { DAY, later, SECOND } from "../src/common/durations.js";
import { loadConfig, type Config } from "../src/config/config.js";
import { Database } from "../src/database/database.js";
import { DailyTask } from "../src/jobs/daily-task.js";
import { createLog } from "../src/logging/log.js";
import { startService, type RunningService } from "../src/service.js";
import { post } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";
import { storeKeys } from "./support/stored-keys.js";
import { copyDatabase, createTestDatabase, type TestDatabase } from "./support/test-database.js";

/** The clock of the machine, which the database does not share. */
class MachineClock extends Clock {
  ahead = 0;

  override now(): Date {
    return later(new Date(), this.ahead);
  }
}

let folder: string;
let database: TestDatabase | undefined;
let config: Config;
let machineClock: MachineClock;
let service: RunningService | undefined;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-clock-"));
  database = await createTestDatabase();
  copyDatabase(folder);
  machineClock = new MachineClock();
  config = loadConfig({
    NODE_ENV: "test",
    PORT: "0",
    LOG_LEVEL: "silent",
    DATA_DIR: folder,
    DATABASE_URL: database?.url,
    DAILY_TASK_MINUTES: "0",
  });
});
afterEach(async () => {
  await service?.close();
  service = undefined;
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startService(config, { machineClock, log: createLog("silent") });

for (const [title, ahead] of [
  ["200 days ahead", 200 * DAY],
  ["a minute behind", -60 * SECOND],
] as const) {
  test(`an instance whose clock is ${title} does not start`, async () => {
    machineClock.ahead = ahead;
    await assert.rejects(
      async () => (service = await start()),
      /The clock of this instance is \d+ seconds (ahead of|behind) the database's: correct/,
    );
  });
}

test("an instance whose clock jumps 200 days refuses, destroys nothing, and works when it is right again", async () => {
  service = await start();
  const { app, url } = service;
  await storeKeys(app.get(Database), config, "ada", 3);
  const token = await app.get(Tokens).issueForDevelopment("ada", ["admin"], 3650);
  const graphql = (query: string, variables?: object) => post(url, query, variables, token);
  const device = new Device({ graphql, clock: new Clock() }, token, "phone");
  const readyz = async () => {
    const response = await fetch(`${url}/readyz`);
    return [response.status, ((await response.json()) as { clock: string }).clock];
  };
  assert.deepEqual(await readyz(), [200, "ok"]);

  machineClock.ahead = 200 * DAY;
  assert.equal(codeOf(await device.generate()), "CLOCK_DIFFERS");
  assert.equal(codeOf(await graphql("mutation { runDailyTask { id } }")), "CLOCK_DIFFERS");
  assert.deepEqual(await readyz(), [503, "differs"]);
  const never = new AbortController().signal;
  await assert.rejects(app.get(DailyTask).runIfDue(never), { code: "CLOCK_DIFFERS" });
  assert.deepEqual(await app.get(DailyTask).latestRuns(1), []);

  machineClock.ahead = 0;
  assert.deepEqual(await readyz(), [200, "ok"]);
  assert.equal((await device.generate()).errors, undefined);
  const run = await app.get(DailyTask).runIfDue(never);
  assert.deepEqual([run?.result?.destroyedKeys, run?.result?.wipedKeys], [0, 0]);
});

test("within the difference that is allowed, the database's time decides", async () => {
  service = await start();
  machineClock.ahead = 20 * SECOND;
  const { app, url } = service;
  const token = await app.get(Tokens).issueForDevelopment("ada", [], 3650);
  const graphql = (query: string, variables?: object) => post(url, query, variables, token);
  const { expiresAt } = await new Device({ graphql, clock: new Clock() }, token, "phone").key();
  // Made by the machine's clock, it would end up to 20 seconds later.
  const days = (new Date(expiresAt).getTime() - Date.now()) / DAY;
  assert.ok(days <= 30, `${days}`);
});
