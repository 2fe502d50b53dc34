import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { exportJWK, generateKeyPair, jwtVerify, SignJWT, type JWK } from "jose";
import { KeyServiceClient } from "../client/index.js";
import { IssuerError, IssuerKeys } from "../src/auth/issuer-keys.js";
import { MINUTE, SECOND } from "../src/common/durations.js";
import { loadConfig } from "../src/config/config.js";
import { createLog } from "../src/logging/log.js";
import { until } from "./support/until.js";

describe("the keys of the token issuer", () => {
  let server: Server;
  let url: string;
  let published: JWK[];
  let status: number;
  let asked: number;
  let now: number;
  const signers = new Map<string, CryptoKey>();
  const publicKeys = new Map<string, JWK>();

  before(async () => {
    for (const kid of ["old", "new"]) {
      const { publicKey, privateKey } = await generateKeyPair("ES256");
      signers.set(kid, privateKey);
      publicKeys.set(kid, { ...(await exportJWK(publicKey)), kid, alg: "ES256" });
    }
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(status).end(JSON.stringify({ keys: published }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  after(() => server.close());
  beforeEach(() => {
    [status, asked, now] = [200, 0, 1_000_000];
    published = [publicKeys.get("old")!];
  });

  const issuerKeys = () =>
    new IssuerKeys({ url, staleMs: 60 * MINUTE, log: createLog("silent"), now: () => now });

  async function accepts(keys: IssuerKeys, kid: string): Promise<boolean> {
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(signers.get(kid) ?? signers.get("old")!);
    return jwtVerify(token, keys.get).then(
      () => true,
      (error: unknown) => {
        if (error instanceof IssuerError) throw error;
        return false;
      },
    );
  }

  test("are fetched once for all who ask, and used while they are fresh", async () => {
    const keys = issuerKeys();
    const all = await Promise.all(Array.from({ length: 20 }, () => accepts(keys, "old")));
    assert.deepEqual(new Set(all), new Set([true]));
    now += 59 * SECOND;
    await accepts(keys, "old");
    assert.equal(asked, 1);
  });

  test("are used on while the issuer is away, for an hour", async () => {
    const keys = issuerKeys();
    await accepts(keys, "old");
    status = 503;
    now += 59 * MINUTE;
    assert.equal(await accepts(keys, "old"), true);
    now += 2 * MINUTE;
    await assert.rejects(accepts(keys, "old"), IssuerError);
    status = 200;
    now += 6 * SECOND;
    assert.equal(await accepts(keys, "old"), true);
  });

  test("are asked for every 5 seconds at most while the issuer is away", async () => {
    const keys = issuerKeys();
    status = 503;
    for (let n = 0; n < 10; n++) await assert.rejects(accepts(keys, "old"), IssuerError);
    assert.equal(asked, 1);
  });

  test("that the issuer has removed are soon refused", async () => {
    const keys = issuerKeys();
    await accepts(keys, "old");
    published = [publicKeys.get("new")!];
    now += 61 * SECOND;
    await accepts(keys, "old");
    // The keys are fetched in the background.
    await until("the removal", async () => !(await accepts(keys, "old")));

    const idle = issuerKeys();
    published = [publicKeys.get("old")!];
    await accepts(idle, "old");
    published = [publicKeys.get("new")!];
    now += 6 * MINUTE;
    assert.equal(await accepts(idle, "old"), false);
  });

  test("that are new work at once, and unknown ones cost the issuer little", async () => {
    const keys = issuerKeys();
    await accepts(keys, "old");
    now += 10 * SECOND;
    published.push(publicKeys.get("new")!);
    assert.equal(await accepts(keys, "new"), true);
    assert.equal(asked, 2);
    for (let n = 0; n < 10; n++) assert.equal(await accepts(keys, `made up ${n}`), false);
    assert.equal(asked, 2);
  });
});

test("shared secrets that can be guessed are refused", () => {
  const problems = (AUTH_SHARED_SECRET: string) => {
    const environment = { AUTH_SHARED_SECRET, AUTH_ISSUER: "x", AUTH_AUDIENCE: "y" };
    try {
      loadConfig({ NODE_ENV: "test", KMS_KEY_ID: "alias/app", ...environment });
      return "none";
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const weak of [
    "a".repeat(64),
    "passwordpasswordpasswordpassword",
    "0123456789012345678901234567890123456789",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmn",
    "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb1",
    "short but random 9f8",
  ]) {
    assert.match(problems(weak), /AUTH_SHARED_SECRET: must have/, weak);
  }
  for (const strong of [
    "9f3c1e7ab02d48f6a1c95be7702d3e84",
    "Hk2vQm9XzT4pLw8RbN6yCs1JfG3dVa5e",
    "a shared secret of the tests alone, long enough",
  ]) {
    assert.equal(problems(strong), "none", strong);
  }
});

test("the client asks again while tokens cannot be checked", async () => {
  let asked = 0;
  const error = {
    message: "later",
    extensions: { code: "ISSUER_UNAVAILABLE", retryAfterSeconds: 0 },
  };
  const client = new KeyServiceClient({
    url: "http://127.0.0.1/graphql",
    token: "token",
    deviceId: "phone",
    appVersion: "1",
    firstPauseMs: 1,
    fetch: async () => {
      asked += 1;
      return Response.json({ data: null, errors: [error] });
    },
  });
  await assert.rejects(client.key(), { code: "ISSUER_UNAVAILABLE" });
  assert.equal(asked, 4);
});
