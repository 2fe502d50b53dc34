import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf } from "./support/device.js";

let service: TestService;
before(async () => {
  service = await startTestService();
});
after(() => service.close());

test("a device or user id that cannot be one is a mistake of the caller's", async () => {
  const [user, root] = [await service.token("ada"), await service.token("root", "admin")];
  const before = service.logged().length;
  for (const [query, token] of [
    ["mutation ($id: ID!) { revokeDevice(deviceId: $id) { deviceId } }", user],
    ["mutation ($id: ID!) { releaseDevice(deviceId: $id) { deviceId } }", user],
    ['mutation ($id: ID!) { transferDevice(deviceId: $id, userId: "eve") { deviceId } }', user],
    ["query ($id: ID!) { devices(userId: $id) { deviceId } }", root],
  ] as const) {
    const answer = await service.graphql(query, { id: "a\u0000b" }, token);
    assert.equal(codeOf(answer), "BAD_USER_INPUT", query);
  }
  assert.doesNotMatch(service.logged().slice(before), /"level":"(error|warn)"/);
});

test("a time that no database takes is a mistake of the caller's", async () => {
  const root = await service.token("root", "admin");
  for (const time of ["0000-01-01T00:00:00Z", -8.64e15, 8.64e15]) {
    for (const query of [
      "query ($time: DateTime) { auditLog(filter: { from: $time }) { id } }",
      "query ($time: DateTime) { auditLog(filter: { until: $time }) { id } }",
      "mutation ($time: DateTime!) { restoreKeys(destroyedSince: $time) }",
    ]) {
      const answer = await service.graphql(query, { time }, root);
      assert.equal(codeOf(answer), "BAD_USER_INPUT", `${time} ${query}`);
    }
  }
});
