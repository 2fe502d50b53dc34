import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestService, type TestService } from "./support/app.js";

const GENERATE = `mutation ($input: GenerateClientEncryptionKeyInput!) {
  generateClientEncryptionKey(input: $input) { keyId publicKey expiresAt algorithm }
}`;

let service: TestService;
before(async () => {
  service = await startTestService();
});
after(() => service.close());

test("a device gets a key, and the same again", async () => {
  const token = await service.token("ada");
  const input = { deviceId: "phone-1", appVersion: "1.0.0" };
  const first = await service.graphql(GENERATE, { input }, token);
  assert.equal(first.errors, undefined);
  const key = first.data.generateClientEncryptionKey;
  assert.match(key.publicKey, /^-----BEGIN PUBLIC KEY-----/);
  assert.equal(key.algorithm, "RSA-OAEP-256");
  const second = await service.graphql(GENERATE, { input }, token);
  assert.deepEqual(second.data, first.data);
});
