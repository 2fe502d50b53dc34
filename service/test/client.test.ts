import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eq } from "drizzle-orm";
import { KeyServiceClient, type ClientOptions, type KeyServiceError } from "../client/index.js";
import { DAY, HOUR } from "../src/common/durations.js";
import { credentials } from "../src/database/schema/credentials.js";
import { clientKeys, keyGenerations } from "../src/database/schema/keys.js";
import { startTestService, type TestService } from "./support/app.js";

type Fetch = typeof fetch;

const PIN = "271828";

describe("client", () => {
  let service: TestService;
  let devices = 0;

  before(async () => {
    service = await startTestService();
  });
  after(() => service.close());

  test("sets and verifies passcodes and PINs", async () => {
    const client = clientOf("alice");
    await client.setPasscode("correct horse");
    await client.setPin(PIN);
    assert.equal((await client.verifyPasscode("correct horse")).verified, true);
    assert.equal((await client.verifyPin(PIN)).verified, true);
    assert.equal((await client.verifyPin("314159")).verified, false);

    await assert.rejects(client.setPin("161803"), { code: "CREDENTIAL_EXISTS" });
    await client.setPin("161803", { current: PIN });
    assert.equal((await client.verifyPin("161803")).verified, true);
  });

  test("asks for one key, however many need it, and keeps it", async () => {
    const asked = counting(fetch);
    const client = clientOf("bob", { fetch: asked.fetch });
    const keys = await Promise.all(Array.from({ length: 20 }, () => client.key()));
    assert.equal(new Set(keys.map(({ keyId }) => keyId)).size, 1);
    assert.equal(keys[0]?.algorithm, "RSA-OAEP-256");
    assert.ok(keys[0].expiresAt > service.clock.now());
    await client.key();
    assert.equal(asked.count(), 1);
  });

  test("asks for another key when its own has ended", async () => {
    const asked = counting(withServiceTime, "generateClientEncryptionKey");
    const client = clientOf("carol", { fetch: asked.fetch });
    await client.setPin(PIN);
    const { keyId } = await client.key();
    service.clock.advance(31 * DAY);
    // Their answers tell the time, then each needs a key that lasts.
    const answers = await Promise.all([1, 2, 3].map(() => client.verifyPin(PIN)));
    assert.deepEqual(
      answers.map(({ verified }) => verified),
      [true, true, true],
    );
    assert.notEqual((await client.key()).keyId, keyId);
    assert.equal(asked.count(), 2);
  });

  test("asks once for all who need another key at the same time", async () => {
    const key = { keyId: "1", publicKey: "", expiresAt: new Date(), algorithm: "RSA-OAEP-256" };
    const asked = counting(async () =>
      Response.json({ data: { generateClientEncryptionKey: key } }),
    );
    const client = clientOf("carol", { fetch: asked.fetch });
    await client.key();
    await Promise.all(Array.from({ length: 10 }, () => client.key()));
    assert.equal(asked.count(), 2);
  });

  test("goes on with a key that was rotated elsewhere, and with a new one once it is gone", async () => {
    const options = { deviceId: "shared", fetch: withServiceTime };
    const [client, other] = [clientOf("dave", options), clientOf("dave", options)];
    await client.setPin(PIN);
    const old = await client.key();
    const rotated = await other.rotateKey();
    assert.notEqual(rotated.keyId, old.keyId);
    assert.equal((await client.verifyPin(PIN)).verified, true);
    assert.equal((await client.key()).keyId, old.keyId);

    const { orm } = service.database;
    await orm.delete(keyGenerations).where(eq(keyGenerations.deviceId, "shared"));
    await orm.delete(clientKeys).where(eq(clientKeys.id, old.keyId));
    assert.equal((await client.verifyPin(PIN)).verified, true);
    assert.equal((await client.key()).keyId, rotated.keyId);
  });

  test("corrects a clock that is wrong", async () => {
    const client = clientOf("erin", { fetch: withServiceTime });
    await client.setPin(PIN);
    service.clock.advance(2 * HOUR);
    assert.equal((await client.verifyPin(PIN)).verified, true);
  });

  test("tries again where nobody answers, and where the service asks to", async () => {
    const away = () => Promise.reject(new TypeError("fetch failed"));
    const proxy = async () => new Response("<h1>Bad gateway</h1>", { status: 502 });
    const later = async () => refusal("KMS_UNAVAILABLE", { retryAfterSeconds: 0.01 });
    const asked = counting(first([away, proxy, later], withServiceTime));
    const client = clientOf("frank", { fetch: asked.fetch });
    await client.key();
    assert.equal(asked.count(), 4);
  });

  test("does not wait longer than a person would", async () => {
    const later = async () => refusal("KMS_UNAVAILABLE", { retryAfterSeconds: 60 });
    const asked = counting(first([later], withServiceTime));
    const client = clientOf("grace", { fetch: asked.fetch });
    await assert.rejects(client.key(), { code: "KMS_UNAVAILABLE", retryAfterSeconds: 60 });
    assert.equal(asked.count(), 1);
    // What failed is not kept.
    assert.ok((await client.key()).keyId);
  });

  test("gives up in the end", async () => {
    const asked = counting(() => Promise.reject(new TypeError("fetch failed")));
    const client = clientOf("heidi", { fetch: asked.fetch });
    await assert.rejects(client.key(), { name: "KeyServiceError", code: "NETWORK_ERROR" });
    assert.equal(asked.count(), 4);

    const silent: Fetch = (_url, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener("abort", () => reject(options.signal!.reason));
      });
    const waiting = clientOf("heidi", { fetch: silent, timeoutMs: 20, attempts: 1 });
    await assert.rejects(waiting.key(), { code: "TIMEOUT" });
  });

  test("counts no attempt twice when an answer is lost", async () => {
    const client = clientOf("ivan", { fetch: withServiceTime });
    await client.setPin(PIN);
    const lossy = clientOf("ivan", { fetch: losing(2, "verifyTransactionPin") });
    await lossy.key();
    await assert.rejects(lossy.verifyPin("999000"), { code: "OUTCOME_UNKNOWN" });
    const [row] = await service.database.orm
      .select({ failures: credentials.failures })
      .from(credentials)
      .where(eq(credentials.userId, "ivan"));
    assert.equal(row?.failures, 1);
    assert.equal((await lossy.verifyPin(PIN)).verified, true);
  });

  test("ends the wait of one caller, not of the others", async () => {
    const held = holding(withServiceTime);
    const client = clientOf("judy", { fetch: held.fetch });
    const controller = new AbortController();
    const aborted = client.key({ signal: controller.signal });
    const other = client.key();
    controller.abort(new Error("the page was left"));
    await assert.rejects(aborted, { message: "the page was left" });
    held.release();
    assert.ok((await other).keyId);
  });

  test("refuses an algorithm that it does not know, and a secret that does not fit", async () => {
    const key = { keyId: "1", publicKey: "", expiresAt: new Date(), algorithm: "RSA-1_5" };
    const answer = async () => Response.json({ data: { generateClientEncryptionKey: key } });
    await assert.rejects(clientOf("mallory", { fetch: answer }).key(), {
      name: "TypeError",
      message: /encrypts with RSA-OAEP-256, not RSA-1_5/,
    });

    const asked = counting(withServiceTime);
    const client = clientOf("mallory", { fetch: asked.fetch });
    await assert.rejects(client.setPasscode("x".repeat(200)), {
      name: "RangeError",
      message: /\d+ bytes too long/,
    });
    assert.equal(asked.count(), 1);
  });

  test("passes on what the service says", async () => {
    const client = clientOf("alice", { token: "forged.forged.forged" });
    const refused = (error: KeyServiceError) =>
      error.name === "KeyServiceError" &&
      error.code === "UNAUTHENTICATED" &&
      /token/.test(error.message);
    await assert.rejects(client.key(), refused);
  });

  function clientOf(user: string, options: Partial<ClientOptions> = {}): KeyServiceClient {
    return new KeyServiceClient({
      url: `${service.url}/graphql`,
      token: () => service.token(user),
      deviceId: `device-${(devices += 1)}`,
      appVersion: "1.0",
      firstPauseMs: 5,
      ...options,
    });
  }

  /** The service's clock does not move the header, which Node.js writes. */
  async function withServiceTime(...request: Parameters<Fetch>): Promise<Response> {
    const response = await fetch(...request);
    const headers = new Headers(response.headers);
    headers.set("date", service.clock.now().toUTCString());
    return new Response(response.body, { status: response.status, headers });
  }

  /** Sends the requests of one mutation, but loses the first answers to them. */
  function losing(times: number, mutation: string): Fetch {
    let left = times;
    return async (url, options) => {
      const response = await withServiceTime(url, options);
      if (!String(options?.body).includes(mutation) || left === 0) return response;
      left -= 1;
      throw new TypeError("the connection was lost");
    };
  }
});

function refusal(code: string, details: object): Response {
  return Response.json({ errors: [{ message: "not now", extensions: { code, ...details } }] });
}

function first(answers: Fetch[], otherwise: Fetch): Fetch {
  const left = [...answers];
  return (...request) => (left.shift() ?? otherwise)(...request);
}

function counting(fetch: Fetch, part = "") {
  let asked = 0;
  const counted: Fetch = (url, options) => {
    if (String(options?.body).includes(part)) asked += 1;
    return fetch(url, options);
  };
  return { fetch: counted, count: () => asked };
}

function holding(fetch: Fetch) {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const held: Fetch = async (...request) => {
    await released;
    return fetch(...request);
  };
  return { fetch: held, release };
}
