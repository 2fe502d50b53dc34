import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { CompactEncrypt, importSPKI } from "jose";
import { KeyServiceClient } from "../client/index.js";
import { SECOND } from "../src/common/durations.js";
import { startTestService, type GraphQLAnswer, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

const PIN = "271828";

let service: TestService;
before(async () => {
  service = await startTestService();
});
after(() => service.close());

async function withPin(): Promise<Device> {
  const device = await Device.of(service);
  assert.equal((await device.submit("setTransactionPin", PIN)).errors, undefined);
  return device;
}

async function verified(device: Device, pin: string): Promise<boolean> {
  return (await device.submit("verifyTransactionPin", pin)).data.verifyTransactionPin.verified;
}

test("a withheld payload that verifies a PIN does not set another", async () => {
  const device = await withPin();
  const withheld = device.encrypt(await device.key(), "verifyTransactionPin", PIN);
  const taken = await device.submit("setTransactionPin", "161803", {
    encryptedCurrentPin: withheld,
  });
  assert.equal(codeOf(taken), "PAYLOAD_INVALID");
  assert.equal(await verified(device, PIN), true);
});

test("the current secret is good for the new one alone that it was sent with", async () => {
  const device = await withPin();
  const key = await device.key();
  const { keyId } = key;
  const payload = device.encrypt(key, "setTransactionPin", "161803");
  const current = device.encryptCurrent(key, "setTransactionPin", PIN, payload);
  for (const another of ["314159", "161803"]) {
    const stolen = device.encrypt(key, "setTransactionPin", another);
    const taken = await device.send("setTransactionPin", { keyId, payload: stolen }, current);
    assert.equal(codeOf(taken), "PAYLOAD_INVALID");
  }
  const change = () => device.send("setTransactionPin", { keyId, payload }, current);
  assert.equal((await change()).errors, undefined);
  assert.equal(codeOf(await change()), "PAYLOAD_REPLAYED");
  const { data } = await device.submit("verifyTransactionPin", "161803");
  // What was refused was not counted as a failure.
  assert.deepEqual(
    [data.verifyTransactionPin.verified, data.verifyTransactionPin.failedAttempts],
    [true, 0],
  );
});

test("the current secret is too old when the new one is", async () => {
  const device = await withPin();
  const key = await device.key();
  const payload = device.encrypt(key, "setTransactionPin", "161803");
  const current = device.encryptCurrent(key, "setTransactionPin", PIN, payload);
  service.clock.advance(300 * SECOND);
  const late = await device.send("setTransactionPin", { keyId: key.keyId, payload }, current);
  assert.equal(codeOf(late), "PAYLOAD_EXPIRED");
});

test("a payload is good for one operation, and for none of the others", async () => {
  const device = await withPin();
  assert.equal((await device.submit("setUserPasscode", "correct horse")).errors, undefined);
  const key = await device.key();
  const { keyId } = key;
  const data = await new CompactEncrypt(Buffer.from("a letter"))
    .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: keyId })
    .encrypt(await importSPKI(key.publicKey, "RSA-OAEP-256"));
  const newPin = device.encrypt(key, "setTransactionPin", "161803");
  const newPasscode = device.encrypt(key, "setUserPasscode", "another horse");
  const changingPin = device.encryptCurrent(key, "setTransactionPin", PIN, newPin);
  const changingPasscode = device.encryptCurrent(key, "setUserPasscode", PIN, newPasscode);
  const txn = createHash("sha256").update("a transfer").digest("base64url");
  /** What a device may have sent, each with what is right for one of the operations. */
  const payloads: Record<string, string> = {
    setTransactionPin: newPin,
    setUserPasscode: newPasscode,
    verifyTransactionPin: device.encrypt(key, "verifyTransactionPin", PIN),
    "verifyTransactionPin for a receipt": device.encrypt(key, "verifyTransactionPin", PIN, { txn }),
    verifyUserPasscode: device.encrypt(key, "verifyUserPasscode", PIN),
    changeTransactionPin: changingPin.encryptedCurrentPin!,
    changeUserPasscode: changingPasscode.encryptedCurrentPasscode!,
    decryptData: device.encrypt(key, "decryptData", Buffer.alloc(32).toString("base64")),
    storeData: device.encrypt(
      key,
      "storeData",
      createHash("sha256").update(`letter\n${data}`).digest("base64url"),
    ),
  };
  const current = (field: string) => (payload: string) =>
    field === "encryptedCurrentPin"
      ? device.send("setTransactionPin", { keyId, payload: newPin }, { [field]: payload })
      : device.send("setUserPasscode", { keyId, payload: newPasscode }, { [field]: payload });
  const withData = (mutation: string, more: object) => (payload: string) =>
    service.graphql(
      `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { __typename } }`,
      { input: { keyId, data, payloadKeyId: keyId, payload, ...more } },
      device.token,
    );
  const takers: Record<string, (payload: string) => Promise<GraphQLAnswer>> = {
    setTransactionPin: (payload) => device.send("setTransactionPin", { keyId, payload }),
    setUserPasscode: (payload) => device.send("setUserPasscode", { keyId, payload }),
    verifyTransactionPin: (payload) => device.send("verifyTransactionPin", { keyId, payload }),
    verifyUserPasscode: (payload) => device.send("verifyUserPasscode", { keyId, payload }),
    changeTransactionPin: current("encryptedCurrentPin"),
    changeUserPasscode: current("encryptedCurrentPasscode"),
    decryptData: withData("decryptData", {}),
    storeData: withData("storeData", { name: "letter" }),
  };
  const otherwise: Record<string, string[]> = {};
  for (const [operation, take] of Object.entries(takers)) {
    for (const [meant, payload] of Object.entries(payloads)) {
      if (meant.split(" ")[0] === operation) continue;
      const code = codeOf(await take(payload));
      if (code !== "PAYLOAD_INVALID") (otherwise[operation] ??= []).push(`${meant}: ${code}`);
    }
  }
  assert.deepEqual(otherwise, {});
});

test("no payload of a secret is data, and data are no payload", async () => {
  const device = await withPin();
  const key = await device.key();
  const { keyId } = key;
  const payload = device.encrypt(key, "verifyTransactionPin", PIN);
  const wrapped = Buffer.from(payload, "base64").toString("base64url");
  const header = Buffer.from(
    JSON.stringify({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: keyId }),
  ).toString("base64url");
  const input = { keyId, data: `${header}.${wrapped}.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA` };
  const query =
    "mutation ($input: EncryptedDataInput!) { reencryptData(input: $input) { keyId data } }";
  assert.equal(codeOf(await service.graphql(query, { input }, device.token)), "PAYLOAD_INVALID");
  const data = await new CompactEncrypt(Buffer.from("a letter"))
    .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: keyId })
    .encrypt(await importSPKI(key.publicKey, "RSA-OAEP-256"));
  const contentKey = Buffer.from(data.split(".")[1]!, "base64url").toString("base64");
  const taken = await device.send("verifyTransactionPin", { keyId, payload: contentKey });
  assert.equal(codeOf(taken), "PAYLOAD_INVALID");
});

test("the longest passcodes fit into the payloads of the client, the current one, too", async () => {
  const token = await service.token(randomUUID());
  const client = new KeyServiceClient({
    url: `${service.url}/graphql`,
    token,
    deviceId: randomUUID(),
    appVersion: "1.0.0",
    fetch: (...request) => withServiceTime(...request),
  });
  const [first, second] = ["correct horses ".repeat(5), "another horses ".repeat(5)].map((text) =>
    text.slice(0, 64),
  ) as [string, string];
  await client.setPasscode(first);
  await client.setPasscode(second, { current: first });
  assert.equal((await client.verifyPasscode(second)).verified, true);
});

/** The clock of the tests is the service's. */
async function withServiceTime(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  const headers = new Headers(response.headers);
  headers.set("date", service.clock.now().toUTCString());
  return new Response(response.body, { status: response.status, headers });
}
