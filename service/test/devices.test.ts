import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { KeyServiceClient } from "../client/index.js";
import { startTestService, type TestService } from "./support/app.js";
import { HOUR } from "../src/common/durations.js";
import { codeOf, Device } from "./support/device.js";

let service: TestService;
before(async () => {
  service = await startTestService({ DEVICE_REGISTRATION: "required" });
});
after(() => service.close());

const optionsOf = async (user: string, ...roles: string[]) => ({
  url: `${service.url}/graphql`,
  token: await service.token(user, ...roles),
  appVersion: "1.0.0",
});

async function registered(user: string): Promise<Device> {
  const options = await optionsOf(user);
  return new Device(service, options.token, await KeyServiceClient.register(options));
}

async function change(mutation: string, user: string, ...roles: string[]) {
  const query = `mutation { ${mutation} { deviceId userId revokedAt releasedAt } }`;
  return service.graphql(query, {}, await service.token(user, ...roles));
}

async function list(user: string, argument = "", ...roles: string[]) {
  const query = `{ devices${argument} { deviceId userId appVersion revokedAt } }`;
  return service.graphql(query, {}, await service.token(user, ...roles));
}

async function tamperedRows(): Promise<number> {
  const query = "mutation { runDailyTask { tamperedRows } }";
  const { data } = await service.graphql(query, {}, await service.token("root", "admin"));
  return data.runDailyTask.tamperedRows;
}

test("nobody can take an id that somebody else is going to use", async () => {
  const eve = new Device(service, await service.token("eve"), "adas-phone");
  assert.equal(codeOf(await eve.generate()), "DEVICE_NOT_REGISTERED");
  const phone = await registered("ada");
  assert.equal((await phone.submit("setTransactionPin", "271828")).errors, undefined);
  const thief = new Device(service, eve.token, phone.deviceId);
  assert.equal(codeOf(await thief.generate()), "DEVICE_NOT_YOURS");
});

test("owners and administrators list devices, and nobody else does", async () => {
  const owner = randomUUID();
  const devices = [await registered(owner), await registered(owner)];
  const { data } = await list(owner);
  assert.deepEqual(
    data.devices.map(({ deviceId }: { deviceId: string }) => deviceId).sort(),
    devices.map(({ deviceId }) => deviceId).sort(),
  );
  const argument = `(userId: "${owner}")`;
  assert.equal(codeOf(await list("eve", argument)), "FORBIDDEN");
  assert.deepEqual((await list("root", argument, "admin")).data.devices, data.devices);
});

test("a revoked device decrypts nothing, and gets no key", async () => {
  const owner = randomUUID();
  const phone = await registered(owner);
  await phone.submit("setTransactionPin", "271828");
  const key = await phone.key();
  const revoke = `revokeDevice(deviceId: "${phone.deviceId}")`;
  const [foreign, unknown] = [
    await change(revoke, "eve"),
    await change(`revokeDevice(deviceId: "${randomUUID()}")`, "eve"),
  ];
  assert.equal(codeOf(foreign), "DEVICE_NOT_FOUND");
  assert.deepEqual(foreign, unknown);
  assert.equal((await change(revoke, owner)).errors, undefined);
  assert.equal(codeOf(await phone.generate()), "DEVICE_REVOKED");
  assert.equal(codeOf(await phone.rotate()), "DEVICE_REVOKED");
  const payload = phone.encrypt(key, "verifyTransactionPin", "271828");
  const sent = await phone.send("verifyTransactionPin", { keyId: key.keyId, payload });
  assert.equal(codeOf(sent), "DEVICE_REVOKED");
  const tablet = await registered(owner);
  const { data } = await tablet.submit("verifyTransactionPin", "271828");
  assert.equal(data.verifyTransactionPin.verified, true);
  assert.equal(await tamperedRows(), 0);
});

test("a released device belongs to whoever uses it next", async () => {
  const [former, next] = [randomUUID(), randomUUID()];
  const phone = await registered(former);
  const old = await phone.key();
  const released = await change(`releaseDevice(deviceId: "${phone.deviceId}")`, former);
  assert.ok(released.data.releaseDevice.releasedAt);
  const again = new Device(service, await service.token(next), phone.deviceId);
  assert.notEqual((await again.key()).keyId, old.keyId);
  assert.equal(codeOf(await phone.generate()), "DEVICE_NOT_YOURS");
  assert.equal(await tamperedRows(), 0);
});

test("a transferred device belongs to the other user, by owner or administrator", async () => {
  const [former, next] = [randomUUID(), randomUUID()];
  const phone = await registered(former);
  await phone.key();
  const transfer = (to: string) => `transferDevice(deviceId: "${phone.deviceId}", userId: "${to}")`;
  assert.equal(codeOf(await change(transfer("eve"), "eve")), "DEVICE_NOT_FOUND");
  assert.equal((await change(transfer(next), former)).data.transferDevice.userId, next);
  const again = new Device(service, await service.token(next), phone.deviceId);
  assert.equal((await again.submit("setTransactionPin", "271828")).errors, undefined);
  assert.equal(codeOf(await phone.generate()), "DEVICE_NOT_YOURS");
  assert.equal((await change(transfer(former), "root", "admin")).errors, undefined);
  assert.equal((await phone.generate()).errors, undefined);
  assert.equal(await tamperedRows(), 0);
});

test("a user registers so many devices a day, also if they are given away", async () => {
  const [busy, other] = [randomUUID(), randomUUID()];
  const register = async (user: string) => {
    const mutation = `mutation { registerDevice(input: { appVersion: "1.0.0" }) { deviceId } }`;
    return service.graphql(mutation, {}, await service.token(user));
  };
  for (let n = 0; n < 20; n++) {
    const { deviceId } = (await register(busy)).data.registerDevice;
    const transfer = `transferDevice(deviceId: "${deviceId}", userId: "${other}")`;
    assert.equal((await change(transfer, busy)).errors, undefined);
  }
  const refused = await register(busy);
  assert.equal(codeOf(refused), "DEVICE_LIMIT_REACHED");
  const { retryAfterSeconds } = refused.errors![0]!.extensions;
  assert.ok(retryAfterSeconds! > 23 * 3600 && retryAfterSeconds! <= 24 * 3600);
  assert.equal((await register(other)).errors, undefined);
  service.clock.advance(25 * HOUR);
  assert.equal((await register(busy)).errors, undefined);
});
