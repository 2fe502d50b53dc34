import assert from "node:assert/strict";
import { createPublicKey, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { and, eq, isNull, sql } from "drizzle-orm";
import { DAY, HOUR, MINUTE, SECOND } from "../src/common/durations.js";
import { clientKeys, keyGenerations } from "../src/database/schema/keys.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

let service: TestService;
before(async () => {
  service = await startTestService({
    LIMIT_USER_GENERATIONS: "12",
    LIMIT_ADDRESS_GENERATIONS: "1000",
    CREDENTIAL_FREE_ATTEMPTS: "100",
    CREDENTIAL_LOCK_AFTER: "1000",
  });
});
after(() => service.close());

async function newDevice(user: string = randomUUID(), device: string = randomUUID()) {
  return new Device(service, await service.token(user), device);
}

const daily = async () => {
  const query = "mutation { runDailyTask { retiredKeys destroyedKeys tamperedKeys } }";
  const answer = await service.graphql(query, {}, await service.token("root", "admin"));
  assert.equal(answer.errors, undefined);
  return answer.data.runDailyTask;
};

async function stateOf(keyId: string): Promise<{ state: string; hasPrivateKey: boolean }> {
  const query = sql`SELECT state, private_key IS NOT NULL AS has FROM client_keys WHERE id = ${keyId}`;
  const { rows } = (await service.database.orm.execute(query)) as unknown as {
    rows: { state: string; has: boolean }[];
  };
  return { state: rows[0]!.state, hasPrivateKey: rows[0]!.has };
}

test("a device gets a key, says how to use it, and gets the same again", async () => {
  const device = await newDevice();
  const { data } = await device.generate();
  const key = data.generateClientEncryptionKey;
  const publicKey = createPublicKey(key.publicKey);
  assert.match(key.publicKey, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  assert.equal(key.algorithm, "RSA-OAEP-256");
  const expected = service.clock.now().getTime() + 30 * DAY;
  assert.equal(new Date(key.expiresAt).getTime(), expected);
  assert.deepEqual((await device.generate()).data, data);
});

test("key ids sort by time", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    ids.push((await (await newDevice()).key()).keyId);
    service.clock.advance(1);
  }
  assert.deepEqual([...ids].sort(), ids);
});

test("fifty at once for a new device make one key, and all return it", async () => {
  const device = await newDevice();
  const answers = await Promise.all(Array.from({ length: 50 }, () => device.generate()));
  const ids = new Set(answers.map(({ data }) => data?.generateClientEncryptionKey.keyId));
  assert.equal(ids.size, 1);
  assert.ok(!ids.has(undefined));
});

test("of fifty rotations at once the five that the limit allows are made", async () => {
  const device = await newDevice();
  const answers = await Promise.all(Array.from({ length: 50 }, () => device.rotate()));
  const made = answers.flatMap(({ data }) => data?.rotateClientEncryptionKey.keyId ?? []);
  assert.equal(new Set(made).size, 5);
  const refused = answers.filter((answer) => codeOf(answer) === "KEY_LIMIT_REACHED");
  assert.equal(refused.length, 45);
  const states = await Promise.all(made.map(stateOf));
  assert.equal(states.filter(({ state }) => state === "active").length, 1);
  assert.ok(made.includes((await device.key()).keyId));
});

test("the limit slides, and says when to try again", async () => {
  const device = await newDevice();
  for (let i = 0; i < 5; i++) {
    assert.equal((await device.rotate()).errors, undefined);
    service.clock.advance(HOUR);
  }
  const refused = await device.rotate();
  const { code, limit, retryAfterSeconds } = refused.errors![0]!.extensions;
  assert.deepEqual([code, limit, retryAfterSeconds], ["KEY_LIMIT_REACHED", "device", 19 * 3600]);
  service.clock.advance(retryAfterSeconds * SECOND - 1);
  assert.equal(codeOf(await device.rotate()), "KEY_LIMIT_REACHED");
  service.clock.advance(1);
  assert.equal((await device.rotate()).errors, undefined);
  assert.equal((await device.rotate()).errors![0]!.extensions.retryAfterSeconds, 3600);
  // A key that is there needs no new one.
  assert.equal((await device.generate()).errors, undefined);
});

test("a user's devices have a limit together", async () => {
  const user = randomUUID();
  for (let i = 0; i < 12; i++)
    assert.equal((await (await newDevice(user)).generate()).errors, undefined);
  const refused = await (await newDevice(user)).generate();
  assert.equal(codeOf(refused), "KEY_LIMIT_REACHED");
  assert.equal(refused.errors![0]!.extensions.limit, "user");
  service.clock.advance(DAY);
  assert.equal((await (await newDevice(user)).generate()).errors, undefined);
});

test("a device belongs to the user who first registered it", async () => {
  const device = await newDevice();
  const { keyId } = await device.key();
  const thief = await newDevice(randomUUID(), device.deviceId);
  assert.equal(codeOf(await thief.generate()), "DEVICE_NOT_YOURS");
  assert.equal(codeOf(await thief.rotate()), "DEVICE_NOT_YOURS");
  assert.equal((await device.key()).keyId, keyId);
});

test("a rotated key decrypts on, an old one is destroyed, each on its day", async () => {
  const device = await newDevice();
  await device.submit("setUserPasscode", "correct horse");
  const first = await device.key();
  const verify = () =>
    device.send("verifyUserPasscode", {
      keyId: first.keyId,
      payload: device.encrypt(first, "verifyUserPasscode", "correct horse"),
    });
  await device.rotate();
  assert.equal((await stateOf(first.keyId)).state, "decrypt-only");
  assert.equal((await verify()).data.verifyUserPasscode.verified, true);
  service.clock.advance(90 * DAY - SECOND);
  await daily();
  assert.deepEqual(await stateOf(first.keyId), { state: "decrypt-only", hasPrivateKey: true });
  assert.equal((await verify()).errors, undefined);
  service.clock.advance(SECOND);
  // From that moment on, also before the task has been there.
  assert.equal(codeOf(await verify()), "KEY_DESTROYED");
  const { destroyedKeys, tamperedKeys } = await daily();
  assert.ok(destroyedKeys >= 1);
  assert.equal(tamperedKeys, 0);
  assert.deepEqual(await stateOf(first.keyId), { state: "destroyed", hasPrivateKey: true });
  assert.equal(codeOf(await verify()), "KEY_DESTROYED");
  assert.deepEqual(await daily(), { retiredKeys: 0, destroyedKeys: 0, tamperedKeys: 0 });
  service.clock.advance(7 * DAY);
  await daily();
  assert.deepEqual(await stateOf(first.keyId), { state: "destroyed", hasPrivateKey: false });
});

test("after 30 days a device gets a new key; 90 days later the old one is gone", async () => {
  const device = await newDevice();
  const first = await device.key();
  service.clock.advance(30 * DAY - MINUTE);
  assert.equal((await device.key()).keyId, first.keyId);
  service.clock.advance(MINUTE);
  const second = await device.key();
  assert.notEqual(second.keyId, first.keyId);
  assert.equal((await stateOf(first.keyId)).state, "decrypt-only");
  service.clock.advance(90 * DAY);
  await daily();
  assert.equal((await stateOf(first.keyId)).state, "destroyed");
  assert.equal((await stateOf(second.keyId)).state, "decrypt-only");
});

test("the daily task moves more keys than one batch holds", async () => {
  const small = await startTestService({ DAILY_TASK_BATCH: "2", LIMIT_USER_GENERATIONS: "100" });
  try {
    const token = await small.token("ada");
    for (let i = 0; i < 5; i++) await new Device(small, token, `device-${i}`).key();
    small.clock.advance(30 * DAY);
    const run = "mutation { runDailyTask { retiredKeys destroyedKeys } }";
    const admin = await small.token("root", "admin");
    const retired = await small.graphql(run, {}, admin);
    assert.deepEqual(retired.data.runDailyTask, { retiredKeys: 5, destroyedKeys: 0 });
    small.clock.advance(90 * DAY);
    const destroyed = await small.graphql(run, {}, admin);
    assert.deepEqual(destroyed.data.runDailyTask, { retiredKeys: 0, destroyedKeys: 5 });
  } finally {
    await small.close();
  }
});

test("what a killed instance was making is taken over in seconds", async () => {
  const device = new Device(service, await service.token("heir"), "of-the-killed");
  const key = await device.key();
  const now = service.clock.now();
  await service.database.orm.insert(keyGenerations).values({
    id: randomUUID(),
    deviceId: device.deviceId,
    userId: "heir",
    address: "",
    requestedAt: now,
    aliveUntil: new Date(now.getTime() + 4000),
  });
  await service.database.orm.delete(clientKeys).where(eq(clientKeys.id, key.keyId));
  service.clock.advance(4000);
  const made = await device.generate();
  assert.equal(made.errors, undefined);
  const left = await service.database.orm
    .select()
    .from(keyGenerations)
    .where(and(eq(keyGenerations.deviceId, device.deviceId), isNull(keyGenerations.keyId)));
  assert.deepEqual(left, []);
});
