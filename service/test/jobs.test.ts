import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DAY } from "../src/common/durations.js";
import { sortableId } from "../src/common/sortable-id.js";
import type { UnsignedClientKey } from "../src/keys/client-key.js";
import { KeyStore } from "../src/keys/key-store.js";
import { DailyTask } from "../src/jobs/daily-task.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

const never = new AbortController().signal;

let service: TestService;
before(async () => {
  service = await startTestService({ DAILY_TASK_BATCH: "3" });
});
after(() => service.close());

/** Keys without a pair, since making many takes long; each of a device of its own. */
async function publishKeys(count: number): Promise<void> {
  const token = await service.token("ada");
  const { keyId } = await new Device(service, token, "phone").key();
  const now = service.clock.now();
  const sample = await service.app.get(KeyStore).ownedBy("ada", keyId);
  for (let i = 0; i < count; i++) {
    const deviceId = `device-${now.getTime()}-${i}`;
    const key: UnsignedClientKey = { ...sample, id: sortableId(now), deviceId };
    await service.database.orm.transaction(async (transaction) => {
      await transaction.execute(
        `INSERT INTO devices VALUES ('${deviceId}', 'ada', '1', now(), 'unchecked')`,
      );
      await service.app.get(KeyStore).publish(transaction, key, now);
    });
  }
}

const task = () => service.app.get(DailyTask);

test("the daily task runs once a day, however often it is asked whether it is due", async () => {
  await publishKeys(10);
  service.clock.advance(30 * DAY);
  const looks = await Promise.all(Array.from({ length: 5 }, () => task().runIfDue(never)));
  const [run, ...others] = looks.filter((look) => look !== undefined);
  assert.deepEqual(others, []);
  assert.equal(run!.result?.retiredKeys, 11);
  assert.equal(await task().runIfDue(never), undefined);
  service.clock.advance(DAY);
  assert.equal((await task().runIfDue(never))?.result?.retiredKeys, 0);
});

test("a daily task that was cut off is taken up where it was", async () => {
  await publishKeys(10);
  service.clock.advance(31 * DAY);
  const cut = new AbortController();
  const store = service.app.get(KeyStore);
  const change = store.change.bind(store);
  let changed = 0;
  store.change = async (...values) => {
    if (++changed === 5) cut.abort(new Error("cut off"));
    return change(...values);
  };
  await assert.rejects(task().runIfDue(cut.signal), /cut off/);
  store.change = change;
  const [begun] = await task().latestRuns(1);
  assert.deepEqual([begun!.finishedAt, begun!.error], [null, "cut off"]);
  const run = await task().runIfDue(never);
  assert.equal(run?.id, begun!.id);
  // Two batches of three were done; one key is the sample's, made anew.
  assert.equal(run?.result?.retiredKeys, 11 - 6);
  assert.equal(run?.error, null);
});

test("administrators run the daily task by hand, and see the latest runs", async () => {
  const admin = await service.token("root", "admin");
  service.clock.advance(1);
  const ran = await service.graphql(
    "mutation { runDailyTask { id trigger finishedAt } }",
    {},
    admin,
  );
  const run = ran.data.runDailyTask;
  assert.equal(run.trigger, "hand");
  const listed = await service.graphql(
    "{ dailyTaskRuns(count: 1) { id trigger finishedAt } }",
    {},
    admin,
  );
  assert.deepEqual(listed.data.dailyTaskRuns, [run]);
  const user = await service.token("ada", "metrics");
  assert.equal(
    codeOf(await service.graphql("mutation { runDailyTask { id } }", {}, user)),
    "FORBIDDEN",
  );
  assert.equal(codeOf(await service.graphql("{ dailyTaskRuns { id } }", {}, user)), "FORBIDDEN");
});

test("the daily task deletes used payloads and counts of keys and devices when they matter no more", async () => {
  const device = new Device(service, await service.token("eve"), "tablet");
  await device.submit("setTransactionPin", "8642");
  const register = `mutation { registerDevice(input: { appVersion: "1" }) { deviceId } }`;
  await service.graphql(register, {}, await service.token("eve"));
  service.clock.advance(3 * DAY);
  const result = (await task().runIfDue(never))!.result!;
  assert.ok(Number(result.forgottenPayloads) >= 1);
  assert.ok(Number(result.forgottenGenerations) >= 1);
  assert.equal(result.forgottenRegistrations, 1);
});
