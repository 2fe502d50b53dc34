import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HOUR } from "../src/common/durations.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

const KEYS = `query ($deviceId: ID, $userId: ID) {
  clientEncryptionKeys(deviceId: $deviceId, userId: $userId) {
    keyId deviceId state usageCount failureCount lastUsed
  }
}`;
const DEVICE = `query ($deviceId: ID!) {
  deviceUsage(deviceId: $deviceId) {
    keys usageCount failureCount lastUsed hours { from usageCount failureCount }
  }
}`;

describe("usage", () => {
  let service: TestService;
  let phone: Device;

  before(async () => {
    service = await startTestService();
    phone = new Device(service, await service.token("ada"), "phone");
    await phone.submit("setTransactionPin", "271828");
  });
  after(() => service.close());

  test("each key tells how often it was used, and when last", async () => {
    const first = await phone.key();
    for (let n = 0; n < 3; n++) await phone.submit("verifyTransactionPin", "271828");
    await phone.send("verifyTransactionPin", { keyId: first.keyId, payload: "A".repeat(344) });
    const lastUsed = service.clock.now().toISOString();
    service.clock.advance(2 * HOUR);
    await phone.rotate();
    await service.app.get(MetricsWriter).flush();

    const { data } = await service.graphql(KEYS, { deviceId: "phone" }, phone.token);
    const [second, used] = data.clientEncryptionKeys;
    assert.deepEqual(used, {
      keyId: first.keyId,
      deviceId: "phone",
      state: "decrypt-only",
      usageCount: 4,
      failureCount: 1,
      lastUsed,
    });
    assert.deepEqual([second.state, second.usageCount, second.lastUsed], ["active", 0, null]);
  });

  test("a device tells in which hours it uses its keys", async () => {
    await phone.submit("verifyTransactionPin", "271828");
    await service.app.get(MetricsWriter).flush();
    const watcher = await service.token("watcher", "metrics");
    const { data } = await service.graphql(DEVICE, { deviceId: "phone" }, watcher);
    const { keys, usageCount, failureCount, hours } = data.deviceUsage;
    assert.deepEqual([keys, usageCount, failureCount], [2, 5, 1]);
    assert.deepEqual(
      hours.map((hour: any) => [hour.usageCount, hour.failureCount]),
      [
        [4, 1],
        [1, 0],
      ],
    );
    assert.equal(
      codeOf(await service.graphql(DEVICE, { deviceId: "phone" }, phone.token)),
      "FORBIDDEN",
    );
  });

  test("the keys of another user are for administrators", async () => {
    const eve = await service.token("eve");
    assert.deepEqual((await service.graphql(KEYS, {}, eve)).data.clientEncryptionKeys, []);
    const { data } = await service.graphql(KEYS, { deviceId: "phone" }, eve);
    assert.deepEqual(data.clientEncryptionKeys, []);
    assert.equal(codeOf(await service.graphql(KEYS, { userId: "ada" }, eve)), "FORBIDDEN");
    const admin = await service.token("root", "admin");
    const theirs = await service.graphql(KEYS, { userId: "ada" }, admin);
    assert.equal(theirs.data.clientEncryptionKeys.length, 2);
  });
});
