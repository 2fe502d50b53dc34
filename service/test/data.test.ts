import assert from "node:assert/strict";
import { CompactEncrypt, importSPKI } from "jose";
import { after, before, describe, test } from "node:test";
import { sql } from "drizzle-orm";
import { KeyServiceClient, type ClientOptions } from "../client/index.js";
import { DAY } from "../src/common/durations.js";
import { loadConfig } from "../src/config/config.js";
import { DailyTask } from "../src/jobs/daily-task.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf } from "./support/device.js";

const LETTER = "Dear diary, this is longer than any RSA block takes. ".repeat(20);
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe("data", () => {
  let service: TestService;
  let client: KeyServiceClient;

  before(async () => {
    service = await startTestService({
      PAYLOAD_MAX_BYTES: "8192",
      DATA_MAX_ITEMS: "3",
      DAILY_TASK_MAX_PERCENT: "100",
    });
    client = clientOf("ada");
  });
  after(() => service.close());

  test("is encrypted on the device, and decrypted by the service for one call", async () => {
    const answers: string[] = [];
    const watched = clientOf("ada", {
      fetch: async (...request) => {
        const response = await fetch(...request);
        answers.push(await response.clone().text(), String(request[1]?.body));
        return response;
      },
    });
    const encrypted = await watched.encryptData(bytes(LETTER));
    assert.equal(text(await watched.decryptData(encrypted)), LETTER);
    assert.ok(answers.length > 2 && !answers.some((answer) => answer.includes("diary")));
  });

  test("lives on after its key's end, under the device's next key", async () => {
    await client.storeData("letter", bytes(LETTER));
    const kept = await client.encryptData(bytes("kept by the device"));
    service.clock.advance(31 * DAY);
    const renewed = await client.reencryptData(kept);
    assert.notEqual(renewed.keyId, kept.keyId);
    // Both are good while the old key decrypts.
    assert.equal(text(await client.decryptData(kept)), "kept by the device");
    service.clock.advance(95 * DAY);
    await service.app.get(DailyTask).runByHand(new AbortController().signal, true);
    await assert.rejects(client.decryptData(kept), { code: "KEY_DESTROYED" });
    assert.equal(text(await client.loadData("letter")), LETTER);
    const again = await client.reencryptData(renewed);
    assert.equal(text(await client.decryptData(again)), "kept by the device");
  });

  test("of another user is neither loaded nor decrypted", async () => {
    const eve = clientOf("eve");
    await assert.rejects(eve.loadData("letter"), { code: "DATA_NOT_FOUND" });
    const encrypted = await client.encryptData(bytes("mine"));
    await assert.rejects(eve.decryptData(encrypted), { code: "KEY_NOT_FOUND" });
    await assert.rejects(eve.reencryptData(encrypted), { code: "KEY_NOT_FOUND" });
  });

  test("that was changed is refused, always in the same way", async () => {
    const { keyId, data } = await client.encryptData(bytes("to be changed"));
    const key = await client.key();
    const publicKey = await importSPKI(key.publicKey, "RSA-OAEP-256");
    const made = (header: object) =>
      new CompactEncrypt(bytes("made by hand"))
        .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: keyId, ...header })
        .encrypt(publicKey);
    const parts = data.split(".");
    const flipped = parts.map((part, at) => {
      const changed = (part[0] === "A" ? "B" : "A") + part.slice(1);
      return parts.map((each, n) => (n === at ? changed : each)).join(".");
    });
    for (const changed of [
      ...flipped,
      await made({ kid: "another" }),
      await made({ enc: "A128GCM" }),
      await made({ crit: ["exp"], exp: 1 }).catch(() => "a.b.c.d.e"),
      parts.slice(0, 4).join("."),
      "not data at all",
    ]) {
      await assert.rejects(client.decryptData({ keyId, data: changed }), {
        code: "PAYLOAD_INVALID",
        message: "The payload is not what this operation takes.",
      });
    }
  });

  test("an answer for other data than was asked about is refused", async () => {
    const [asked, other] = [
      await client.encryptData(bytes("asked")),
      await client.encryptData(bytes("other")),
    ];
    let swap = true;
    const proxied = clientOf("ada", {
      fetch: (url, options) => {
        const request = JSON.parse(String(options?.body));
        if (swap && request.variables.input.data) request.variables.input.data = other.data;
        return fetch(url, { ...options, body: JSON.stringify(request) });
      },
    });
    await assert.rejects(proxied.decryptData(asked), { code: "ANSWER_INVALID" });
    swap = false;
    assert.equal(text(await proxied.decryptData(asked)), "asked");
  });

  test("a recorded request to store is not taken again, nor for another name", async () => {
    const bodies: string[] = [];
    const recorded = clientOf("bob", {
      fetch: (url, options) => {
        bodies.push(String(options?.body));
        return fetch(url, options);
      },
    });
    await recorded.storeData("note", bytes("first"));
    const request = JSON.parse(bodies.at(-1)!);
    const token = await service.token("bob");
    const again = await service.graphql(request.query, request.variables, token);
    assert.equal(codeOf(again), "PAYLOAD_REPLAYED");
    const input = { ...request.variables.input, name: "other" };
    assert.equal(codeOf(await service.graphql(request.query, { input }, token)), "PAYLOAD_INVALID");
  });

  test("is stored up to a number, replaced by its name, and deleted", async () => {
    const carol = clientOf("carol");
    for (const name of ["a", "b", "c"]) await carol.storeData(name, bytes(name));
    await carol.storeData("a", bytes("another"));
    assert.equal(text(await carol.loadData("a")), "another");
    await assert.rejects(carol.storeData("d", bytes("d")), { code: "DATA_LIMIT_REACHED" });
    const token = await service.token("carol");
    const remove = (name: string) =>
      service.graphql("mutation ($name: String!) { deleteData(name: $name) }", { name }, token);
    assert.equal((await remove("a")).data.deleteData, true);
    assert.equal((await remove("a")).data.deleteData, false);
    await carol.storeData("d", bytes("d"));
  });

  test("that was moved to another's row in the database is refused", async () => {
    await service.database.orm.execute(
      sql`UPDATE stored_data SET user_id = 'eve' WHERE user_id = 'bob'`,
    );
    await assert.rejects(clientOf("eve").loadData("note"), { code: "DATA_UNUSABLE" });
    assert.match(service.logged(), /DATA_UNUSABLE/);
  });

  test("is neither decrypted for a revoked device nor given to it", async () => {
    const dora = clientOf("dora");
    await dora.storeData("letter", bytes(LETTER));
    const kept = await dora.encryptData(bytes("kept by the device"));
    const token = await service.token("dora");
    const revoke = `mutation { revokeDevice(deviceId: "device-of-dora") { deviceId } }`;
    assert.equal((await service.graphql(revoke, {}, token)).errors, undefined);
    await assert.rejects(dora.decryptData(kept), { code: "DEVICE_REVOKED" });
    await assert.rejects(dora.reencryptData(kept), { code: "DEVICE_REVOKED" });
    await assert.rejects(dora.loadData("letter"), { code: "DEVICE_REVOKED" });
  });

  test("has a largest length, by configuration", async () => {
    await assert.rejects(client.storeData("long", new Uint8Array(8192)), {
      code: "PAYLOAD_TOO_LARGE",
    });
    assert.throws(
      () => loadConfig({ NODE_ENV: "test", KMS_KEY_ID: "alias/app", PAYLOAD_MAX_BYTES: "65536" }),
      /GRAPHQL_BODY_BYTES: payloads of PAYLOAD_MAX_BYTES need at least 89432/,
    );
  });

  function clientOf(user: string, options: Partial<ClientOptions> = {}): KeyServiceClient {
    return new KeyServiceClient({
      url: `${service.url}/graphql`,
      token: () => service.token(user),
      deviceId: `device of ${user}`.replaceAll(" ", "-"),
      appVersion: "1",
      ...options,
      fetch: async (...request) => {
        const response = await (options.fetch ?? fetch)(...request);
        const headers = new Headers(response.headers);
        // The clock of the tests is the service's.
        headers.set("date", service.clock.now().toUTCString());
        return new Response(response.body, { status: response.status, headers });
      },
    });
  }
});
