import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "drizzle-orm";
import { DAY } from "../src/common/durations.js";
import { startTestService, type TestService } from "./support/app.js";
import { storeKeys } from "./support/stored-keys.js";

/** More than are always allowed, all of them due on one day. */
const KEYS = 150;

let service: TestService;
let admin: string;
before(async () => {
  service = await startTestService({ METRICS_TOKEN: "of Prometheus alone, and long enough" });
  admin = await service.token("root", "admin");
  await storeKeys(service.database, service.config, "ada", KEYS);
});
after(() => service.close());

async function run(removeHeldBack = false) {
  const fields = "destroyedKeys wipedKeys heldBack tamperedKeys";
  const query = `mutation { runDailyTask(removeHeldBack: ${removeHeldBack}) { ${fields} } }`;
  const { data, errors } = await service.graphql(query, {}, admin);
  assert.equal(errors, undefined);
  return data.runDailyTask;
}

async function restore(since: Date): Promise<number> {
  const query = "mutation ($since: DateTime!) { restoreKeys(destroyedSince: $since) }";
  const { data, errors } = await service.graphql(query, { since }, admin);
  assert.equal(errors, undefined);
  return data.restoreKeys;
}

async function count(condition: string): Promise<number> {
  const query = sql.raw(`SELECT count(*)::int AS n FROM client_keys WHERE ${condition}`);
  const { rows } = (await service.database.orm.execute(query)) as unknown as {
    rows: { n: number }[];
  };
  return rows[0]!.n;
}

test("if most keys are due at once, none is destroyed, and an alarm tells", async () => {
  service.clock.advance(200 * DAY);
  const done = { destroyedKeys: 0, wipedKeys: 0, tamperedKeys: 0 };
  assert.deepEqual(await run(), { ...done, heldBack: KEYS });
  assert.equal(await count("state = 'decrypt-only'"), KEYS);
  const alarm = service
    .logged()
    .split("\n")
    .find((line) => line.includes("more is due"));
  assert.equal(JSON.parse(alarm!).level, "error");
  const headers = { authorization: `Bearer ${service.config.METRICS_TOKEN}` };
  const metrics = await (await fetch(`${service.url}/metrics`, { headers })).text();
  assert.match(metrics, /kms_service_daily_task_held_back\{what="destroyedKeys"\} 150/);
});

test("keys that were destroyed can be restored until they are wiped", async () => {
  const since = service.clock.now();
  assert.equal((await run(true)).destroyedKeys, KEYS);
  assert.equal(await count("state = 'destroyed' AND private_key IS NOT NULL"), KEYS);
  service.clock.advance(6 * DAY);
  assert.equal(await restore(since), KEYS);
  assert.equal(await count("state = 'decrypt-only' AND destroyed_at IS NULL"), KEYS);
  assert.equal(await restore(since), 0);

  // Their codes hold, so that they are not taken for tampered with.
  const again = await run(true);
  assert.deepEqual([again.destroyedKeys, again.tamperedKeys], [KEYS, 0]);
  service.clock.advance(7 * DAY);
  assert.deepEqual(await run(), {
    destroyedKeys: 0,
    wipedKeys: 0,
    tamperedKeys: 0,
    heldBack: KEYS,
  });
  assert.equal((await run(true)).wipedKeys, KEYS);
  assert.equal(await count("private_key IS NOT NULL"), 0);
  assert.equal(await restore(since), 0);
});

test("if most metrics are due at once, none is deleted, and a usual share is", async () => {
  // In parts: PGlite blocks the event loop, and an idle connection of the service would end unseen meanwhile.
  const fill = async (rows: number, age: number) => {
    const recordedAt = new Date(service.clock.now().getTime() - age).toISOString();
    for (let left = rows; left > 0; left -= 10_000) {
      await service.database.orm.execute(
        sql`INSERT INTO audit_log (recorded_at, operation, outcome, duration_ms)
        SELECT ${recordedAt}::timestamptz, 'verify', 'success', 1
        FROM generate_series(1, ${Math.min(left, 10_000)}::int)`,
      );
    }
  };
  await fill(11_000, 400 * DAY);
  assert.equal((await run()).heldBack, 11_000);
  await fill(110_000, DAY);
  assert.equal((await run()).heldBack, 0);
});

test("users can neither restore keys nor remove what is held back", async () => {
  const user = await service.token("ada", "metrics");
  for (const mutation of [
    'restoreKeys(destroyedSince: "2026-01-01T00:00:00Z")',
    "runDailyTask(removeHeldBack: true) { id }",
  ]) {
    const { errors } = await service.graphql(`mutation { ${mutation} }`, {}, user);
    assert.equal(errors![0]!.extensions.code, "FORBIDDEN");
  }
});
