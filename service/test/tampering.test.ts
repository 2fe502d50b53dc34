import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { and, eq } from "drizzle-orm";
import { KeyServiceClient } from "../client/index.js";
import { DAY } from "../src/common/durations.js";
import { credentialCode } from "../src/credentials/credential.js";
import { credentials, userSeals } from "../src/database/schema/credentials.js";
import { clientKeys, devices } from "../src/database/schema/keys.js";
import { Integrity } from "../src/envelope/integrity.js";
import { makeFirstSeals } from "../src/tampering/first-seals.js";
import type { TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";
import { startForTampering, verifyPasscode } from "./support/tampering.js";

let service: TestService;
before(async () => {
  service = await startForTampering();
});
after(() => service.close());

test("a public key put in place of the device's is not given out", async () => {
  const device = await Device.of(service);
  const { keyId } = await device.key();
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  await service.database.orm.update(clientKeys).set({ publicKey }).where(eq(clientKeys.id, keyId));
  assert.equal(codeOf(await device.generate()), "KEY_UNUSABLE");
  // The way out that the error names.
  assert.equal((await device.rotate()).errors, undefined);
  assert.notEqual((await device.key()).keyId, keyId);
});

test("a private key with one bit changed is not used, and still is destroyed in time", async () => {
  const device = await Device.of(service);
  const key = await device.key();
  const [row] = await service.database.orm
    .select()
    .from(clientKeys)
    .where(eq(clientKeys.id, key.keyId));
  const privateKey = Buffer.from(row!.privateKey!);
  privateKey[privateKey.length - 1]! ^= 1;
  await service.database.orm
    .update(clientKeys)
    .set({ privateKey, bits: 4096 })
    .where(eq(clientKeys.id, key.keyId));
  assert.equal(codeOf(await verifyPasscode(device, key, "anything")), "KEY_UNUSABLE");
  await service.database.orm
    .update(clientKeys)
    .set({ bits: 2048 })
    .where(eq(clientKeys.id, key.keyId));
  assert.equal(codeOf(await verifyPasscode(device, key, "anything")), "KEY_UNUSABLE");
  await service.database.orm
    .update(clientKeys)
    .set({ bits: 4096 })
    .where(eq(clientKeys.id, key.keyId));
  const run = async () => {
    const query = "mutation { runDailyTask { tamperedKeys } }";
    return (await service.graphql(query, {}, await service.token("root", "admin"))).data
      .runDailyTask;
  };
  service.clock.advance(30 * DAY);
  assert.equal((await run()).tamperedKeys, 1);
  service.clock.advance(90 * DAY);
  assert.ok((await run()).tamperedKeys >= 1);
  service.clock.advance(7 * DAY);
  await run();
  const [gone] = await service.database.orm
    .select()
    .from(clientKeys)
    .where(eq(clientKeys.id, key.keyId));
  assert.deepEqual([gone!.state, gone!.privateKey], ["destroyed", null]);
});

async function rowsTampered(): Promise<number> {
  const query = "mutation { runDailyTask { tamperedRows } }";
  const { data } = await service.graphql(query, {}, await service.token("root", "admin"));
  return data.runDailyTask.tamperedRows;
}

const isOf = (user: string) => eq(credentials.userId, user);

test("whoever deletes a PIN cannot set another without the old one, and an administrator can", async () => {
  const user = randomUUID();
  const device = await Device.of(service, user);
  await device.submit("setTransactionPin", "271828");
  const tampered = await rowsTampered();
  await service.database.orm.delete(credentials).where(isOf(user));
  const set = () => device.submit("setTransactionPin", "314159");
  assert.equal(codeOf(await set()), "CREDENTIAL_UNUSABLE");
  assert.equal(
    codeOf(await device.submit("verifyTransactionPin", "271828")),
    "CREDENTIAL_UNUSABLE",
  );
  assert.equal(await rowsTampered(), tampered + 1);
  // Nor if what tells that there was one is deleted, too.
  await service.database.orm.delete(userSeals).where(eq(userSeals.userId, user));
  assert.equal(codeOf(await set()), "CREDENTIAL_UNUSABLE");
  assert.ok((await rowsTampered()) > tampered);
  const administrator = new Device(service, await service.token("root", "admin"), randomUUID());
  const given = await administrator.submit("setTransactionPin", "161803", { userId: user });
  assert.equal(given.errors, undefined);
  const { data } = await device.submit("verifyTransactionPin", "161803");
  assert.equal(data.verifyTransactionPin.verified, true);
  assert.equal(await rowsTampered(), tampered);
});

test("a new device of the user cannot set a PIN either, once the PIN and the seal are deleted", async () => {
  const user = randomUUID();
  const device = await Device.of(service, user);
  await device.submit("setTransactionPin", "271828");
  const tampered = await rowsTampered();
  await service.database.orm.delete(credentials).where(isOf(user));
  await service.database.orm.delete(userSeals).where(eq(userSeals.userId, user));
  const another = await Device.of(service, user);
  for (const each of [another, device]) {
    assert.equal(codeOf(await each.submit("setTransactionPin", "314159")), "CREDENTIAL_UNUSABLE");
  }
  assert.ok((await rowsTampered()) > tampered);
});

test("a PIN, or a count of failures, that was put back as it was is refused", async () => {
  const user = randomUUID();
  const device = await Device.of(service, user);
  await device.submit("setTransactionPin", "271828");
  const [old] = await service.database.orm.select().from(credentials).where(isOf(user));
  await device.submit("verifyTransactionPin", "314159");
  const [now] = await service.database.orm.select().from(credentials).where(isOf(user));
  const verify = () => device.submit("verifyTransactionPin", "271828");
  await service.database.orm.update(credentials).set(old!).where(isOf(user));
  assert.equal(codeOf(await verify()), "CREDENTIAL_UNUSABLE");
  await service.database.orm.update(credentials).set(now!).where(isOf(user));
  assert.equal((await verify()).data.verifyTransactionPin.verified, true);
});

test("the version of an app cannot be changed, and the advice then helps", async () => {
  const user = randomUUID();
  const device = await Device.of(service, user);
  await device.key();
  const before = await rowsTampered();
  await service.database.orm
    .update(devices)
    .set({ appVersion: "0.0.1" })
    .where(eq(devices.id, device.deviceId));
  assert.equal(codeOf(await device.rotate()), "DEVICE_UNUSABLE");
  assert.equal(await rowsTampered(), before + 1);
  // Another id, as docs/errors.md says.
  assert.equal((await (await Device.of(service, user)).rotate()).errors, undefined);
});

test("every row is checked each day, and deleted users are missed", async () => {
  const users = [randomUUID(), randomUUID(), randomUUID()] as const;
  for (const user of users)
    await (await Device.of(service, user)).submit("setUserPasscode", "correct horse");
  const before = await rowsTampered();
  const { orm } = service.database;
  await orm.update(clientKeys).set({ bits: 3072 }).where(eq(clientKeys.userId, users[0]));
  await orm.update(credentials).set({ failures: -9 }).where(isOf(users[1]));
  assert.equal(await rowsTampered(), before + 2);
  const gone = users[2];
  await orm.delete(clientKeys).where(eq(clientKeys.userId, gone));
  await orm.delete(devices).where(eq(devices.userId, gone));
  await orm.delete(credentials).where(isOf(gone));
  assert.equal(await rowsTampered(), before + 4);
  await orm.delete(userSeals).where(eq(userSeals.userId, gone));
  assert.equal(await rowsTampered(), before + 3);
  assert.ok(service.logged().includes("a row was tampered with"));
});

test("a client whose stored key was changed rotates by itself", async () => {
  const options = {
    url: `${service.url}/graphql`,
    token: await service.token(randomUUID()),
    deviceId: randomUUID(),
    appVersion: "1.0.0",
  };
  const client = new KeyServiceClient(options);
  const old = await client.key();
  const { orm } = service.database;
  await orm.update(clientKeys).set({ bits: 3072 }).where(eq(clientKeys.id, old.keyId));
  const restarted = new KeyServiceClient(options);
  assert.notEqual((await restarted.key()).keyId, old.keyId);
});

test("a service from which all seals and PINs were deleted does not start anew without them", async () => {
  const { orm } = service.database;
  const kept = [await orm.select().from(userSeals), await orm.select().from(credentials)] as const;
  await orm.delete(userSeals);
  await orm.delete(credentials);
  const starting = makeFirstSeals(service.database, service.app.get(Integrity));
  await assert.rejects(starting, /seals of users were deleted/);
  await orm.insert(userSeals).values(kept[0]);
  await orm.insert(credentials).values(kept[1]);
});

test("a database from before there were seals is sealed once, with all that was intact", async () => {
  const user = randomUUID();
  const device = await Device.of(service, user);
  await device.submit("setUserPasscode", "correct horse");
  const { orm } = service.database;
  const integrity = service.app.get(Integrity);
  await assert.rejects(
    orm.delete(userSeals).then(() => makeFirstSeals(service.database, integrity)),
    /seals of users were deleted/,
  );
  for (const { id, userId, createdAt } of await orm.select().from(devices)) {
    const former = await integrity.code("devices", [id, userId, createdAt]);
    await orm.update(devices).set({ mac: former }).where(eq(devices.id, id));
  }
  for (const credential of await orm.select().from(credentials)) {
    const first = { ...credential, revision: 0 };
    const mac = await credentialCode(integrity, first);
    const { userId, kind } = credential;
    const same = and(eq(credentials.userId, userId), eq(credentials.kind, kind));
    await orm.update(credentials).set({ revision: 0, mac }).where(same);
  }
  await makeFirstSeals(service.database, integrity);
  await makeFirstSeals(service.database, integrity);
  assert.equal(await verifiesPasscode(device), true);
  assert.equal((await device.rotate()).errors, undefined);
  await orm.delete(credentials).where(isOf(user));
  assert.equal(
    codeOf(await device.submit("setUserPasscode", "another horse")),
    "CREDENTIAL_UNUSABLE",
  );
});

async function verifiesPasscode(device: Device): Promise<boolean> {
  const { data } = await device.submit("verifyUserPasscode", "correct horse");
  return data?.verifyUserPasscode.verified;
}

test("whoever changes the dates or the state of a key does not extend it", async () => {
  const device = new Device(service, await service.token("dora"), randomUUID());
  const key = await device.key();
  const ofKey = eq(clientKeys.id, key.keyId);
  const [row] = await service.database.orm.select().from(clientKeys).where(ofKey);
  const future = new Date(row!.expiresAt.getTime() + 365 * DAY);
  const codeOfUse = async () => codeOf(await verifyPasscode(device, key, "correct horse"));
  for (const change of [
    { expiresAt: future },
    { createdAt: future },
    { retiredAt: future },
    { state: "decrypt-only", retiredAt: future },
  ] as const) {
    await service.database.orm.update(clientKeys).set(change).where(ofKey);
    assert.equal(await codeOfUse(), "KEY_UNUSABLE", Object.keys(change).join());
    await service.database.orm.update(clientKeys).set(row!).where(ofKey);
  }
  assert.equal(await codeOfUse(), undefined);
});
