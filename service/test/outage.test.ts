import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { KeyServiceClient, type KeyServiceError } from "../client/index.js";
import { loadConfig } from "../src/config/config.js";
import { createLog } from "../src/logging/log.js";
import { startService } from "../src/service.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";
import { startTestKms, type TestKms } from "./support/kms.js";

let kms: TestKms;
let service: TestService;
before(async () => {
  kms = await startTestKms();
  service = await startTestService(kms.settings);
});
beforeEach(() => {
  kms.away = false;
});
after(async () => {
  await service.close();
  await kms.stop();
});

test("what could not be made while the key service was away is not counted", async () => {
  const device = new Device(service, await service.token("ada"), "phone");
  kms.away = true;
  const refused = await device.rotate();
  assert.equal(codeOf(refused), "KMS_UNAVAILABLE");
  assert.ok(refused.errors![0]!.extensions.retryAfterSeconds >= 1);
  kms.away = false;
  for (let i = 0; i < 5; i++) assert.equal((await device.rotate()).errors, undefined);
  assert.equal(codeOf(await device.rotate()), "KEY_LIMIT_REACHED");
});

test("a payload and an attempt survive an outage unused", async () => {
  const device = new Device(service, await service.token("eve"), "tablet");
  await device.submit("setUserPasscode", "correct horse");
  const key = await device.key();
  const payload = device.encrypt(key, "verifyUserPasscode", "correct horse");
  const send = () => device.send("verifyUserPasscode", { keyId: key.keyId, payload });
  kms.away = true;
  assert.equal(codeOf(await send()), "KMS_UNAVAILABLE");
  // The public key needs no key service.
  assert.equal((await device.key()).keyId, key.keyId);
  kms.away = false;
  assert.equal((await send()).data.verifyUserPasscode.verified, true);
  assert.equal(codeOf(await send()), "PAYLOAD_REPLAYED");
  const lines = service
    .logged()
    .split("\n")
    .filter((line) => line.includes("KMS_UNAVAILABLE"));
  assert.equal(JSON.parse(lines.at(-1)!).level, "warn");
});

test("while the key service hangs, requests are answered", async () => {
  const device = new Device(service, await service.token("grace"), "laptop");
  await device.submit("setTransactionPin", "271828");
  kms.hanging = true;
  const codeOfClient = async (deviceId: string) => {
    const client = new KeyServiceClient({
      url: `${service.url}/graphql`,
      token: device.token,
      deviceId,
      appVersion: "1.0.0",
      attempts: 1,
      // Not how soon, but that they are: how soon follows from KMS_TIMEOUT_SECONDS.
      timeoutMs: 90_000,
    });
    return client.verifyPin("271828").then(
      () => "answered",
      ({ code }: KeyServiceError) => code,
    );
  };
  try {
    // One that has a key, one that asks for a key, and one that waits for that of another.
    const asking = ["laptop", "desk", "desk"].map(codeOfClient);
    const codes = new Set(await Promise.all(asking));
    assert.deepEqual(codes, new Set(["KMS_UNAVAILABLE"]));
  } finally {
    kms.hanging = false;
  }
});

test("a service that cannot open its secrets does not start", async () => {
  kms.away = true;
  const settings = { ...kms.settings, NODE_ENV: "test", PORT: "0", LOG_LEVEL: "silent" };
  const config = loadConfig({ ...settings, DATA_DIR: `${service.config.DATA_DIR}/other` });
  await assert.rejects(startService(config, { log: createLog("silent") }), {
    message: /key service cannot be used/,
  });
});
