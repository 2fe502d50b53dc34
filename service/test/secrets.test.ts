import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { and, eq } from "drizzle-orm";
import { MINUTE } from "../src/common/durations.js";
import { credentials } from "../src/database/schema/credentials.js";
import { clientKeys, devices, serviceSecrets } from "../src/database/schema/keys.js";
import { Integrity } from "../src/envelope/integrity.js";
import { Sealer } from "../src/envelope/sealer.js";
import { ServiceSecrets } from "../src/envelope/service-secrets.js";
import { StartCheck } from "../src/tampering/start-check.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

let service: TestService;
let device: Device;
before(async () => {
  service = await startTestService();
  device = new Device(service, await service.token("ada"), randomUUID());
  await device.submit("setTransactionPin", "271828");
});
after(() => service.close());

/** What another instance does with the secrets when it starts. */
async function startAnother(): Promise<ServiceSecrets> {
  const sealer = service.app.get(Sealer);
  const secrets = new ServiceSecrets(service.database, sealer, service.clock);
  await new StartCheck(service.database, new Integrity(secrets), secrets).onModuleInit();
  return secrets;
}

const allSecrets = () => service.database.orm.select().from(serviceSecrets);

async function rotate(purpose: string, ...roles: string[]) {
  const query = `mutation { rotateServiceSecret(purpose: ${purpose}) { version usedFrom } }`;
  return service.graphql(query, {}, await service.token("root", ...roles));
}

async function verifies(pin: string): Promise<boolean> {
  const { data, errors } = await device.submit("verifyTransactionPin", pin);
  assert.equal(errors, undefined);
  return data.verifyTransactionPin.verified;
}

async function storedPin() {
  const isPin = and(eq(credentials.userId, "ada"), eq(credentials.kind, "TRANSACTION_PIN"));
  const [row] = await service.database.orm.select().from(credentials).where(isPin);
  return row!;
}

test("a service whose secrets were emptied does not start, and makes no new ones", async () => {
  const rows = await allSecrets();
  await service.database.orm.delete(serviceSecrets);
  try {
    await assert.rejects(startAnother(), /secret that the stored rows .* not in service_secrets/);
    assert.deepEqual(await allSecrets(), []);
    // Receipts are not stored: their key can be made anew.
    const needed = rows.filter(({ purpose }) => purpose !== "receipt");
    for (const row of needed) {
      await service.database.orm.insert(serviceSecrets).values(row);
      if (row === needed.at(-1)) continue;
      await assert.rejects(startAnother(), /restore that table from a backup/);
    }
  } finally {
    for (const row of rows) {
      await service.database.orm.insert(serviceSecrets).values(row).onConflictDoNothing();
    }
  }
  await startAnother();
});

test("a service whose secrets are those of another database does not start", async () => {
  const rows = await allSecrets();
  for (const purpose of ["pepper", "integrity"] as const) {
    const sealer = service.app.get(Sealer);
    const old = rows.find((row) => row.purpose === purpose)!;
    const id = randomUUID();
    const context = { type: "service-secret", secretId: id, purpose };
    const message = await sealer.seal(Buffer.alloc(32, 7), context);
    const ofPurpose = eq(serviceSecrets.purpose, purpose);
    await service.database.orm.update(serviceSecrets).set({ id, message }).where(ofPurpose);
    await assert.rejects(startAnother(), new RegExp(`the ${purpose} secret`));
    await service.database.orm.update(serviceSecrets).set(old).where(ofPurpose);
  }
  await startAnother();
});

test("only administrators rotate secrets", async () => {
  assert.equal(codeOf(await rotate("PEPPER", "metrics")), "FORBIDDEN");
});

test("after the pepper rotated, PINs are taken, and come under the new one as they are used", async () => {
  const before = await storedPin();
  const another = await startAnother();
  const { data, errors } = await rotate("PEPPER", "admin");
  assert.equal(errors, undefined);
  assert.equal(data.rotateServiceSecret.version, 2);
  // Not until every instance can know of it.
  assert.equal(await verifies("271828"), true);
  assert.equal((await storedPin()).pepperId, before.pepperId);
  service.clock.advance(2 * MINUTE);
  assert.equal(await verifies("314159"), false);
  assert.equal((await storedPin()).hash, before.hash);
  assert.equal(await verifies("271828"), true);
  const after = await storedPin();
  assert.notEqual(after.pepperId, before.pepperId);
  assert.equal(await verifies("271828"), true);
  await another.refresh();
  assert.equal((await another.get("pepper")).id, after.pepperId);
  assert.equal((await device.change("setTransactionPin", "141421", "271828")).errors, undefined);
  assert.equal(await verifies("141421"), true);
});

test("after the integrity secret rotated, old rows hold, and new ones are under the new one", async () => {
  await rotate("INTEGRITY", "admin");
  service.clock.advance(2 * MINUTE);
  const old = await device.key();
  assert.equal((await device.rotate()).errors, undefined);
  const { keyId } = await device.key();
  const codes = await service.database.orm.select().from(clientKeys);
  // The old one was retired just now, so that its row was written anew.
  for (const { mac } of codes) assert.match(mac, /^2\./);
  assert.notEqual(keyId, old.keyId);
  assert.equal(await verifies("141421"), true);
  assert.match((await storedPin()).mac, /^2\./);
  // A code under the new secret does not pass as one of another.
  const { mac } = await storedPin();
  const isPin = and(eq(credentials.userId, "ada"), eq(credentials.kind, "TRANSACTION_PIN"));
  for (const forged of [mac.replace("2.", ""), mac.replace("2.", "3."), mac.replace("2.", "1.")]) {
    await service.database.orm.update(credentials).set({ mac: forged }).where(isPin);
    assert.equal(codeOf(await device.submit("verifyTransactionPin", "1")), "CREDENTIAL_UNUSABLE");
  }
});

test("the daily task brings all rows under the new integrity secret, and drops the old one", async () => {
  const fresh = new Device(service, await service.token("grace"), randomUUID());
  await fresh.submit("setTransactionPin", "271828");
  const task = "mutation { runDailyTask { tamperedRows } }";
  const { data } = await service.graphql(task, {}, await service.token("root", "admin"));
  // The one that was forged just now.
  assert.equal(data.runDailyTask.tamperedRows, 1);
  const versions = (await allSecrets()).filter(({ purpose }) => purpose === "integrity");
  assert.deepEqual(
    versions.map(({ version }) => version),
    [2],
  );
  const macs = (await service.database.orm.select().from(devices)).map(({ mac }) => mac);
  assert.ok(macs.length > 0);
  for (const mac of macs) assert.match(mac, /^2\./);
  assert.equal((await fresh.submit("verifyTransactionPin", "271828")).errors, undefined);
  await startAnother();
});
