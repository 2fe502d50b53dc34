import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { Clock } from "../src/common/clock.js";
import { post, startTestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";
import { startInstance, type Instance } from "./support/instances.js";
import { createTestDatabase } from "./support/test-database.js";

const MAIN = fileURLToPath(new URL("../src/main.js", import.meta.url));

let folder: string;
let environment: Record<string, string>;
let instance: Instance | undefined;
const database = await createTestDatabase();

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-start-"));
  environment = {
    DATA_DIR: folder,
    DAILY_TASK_MINUTES: "0",
    ...(database && { DATABASE_URL: database.url }),
  };
});
afterEach(async () => {
  await instance?.kill("SIGKILL");
  instance = undefined;
});
after(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

function deviceAt(url: string, token: string): Device {
  const graphql = (query: string, variables?: object) => post(url, query, variables, token);
  return new Device({ graphql, clock: new Clock() }, token, "phone");
}

async function tokenOf({ printed }: Instance): Promise<string> {
  for (;;) {
    const token = printed.find((line) => line.startsWith("eyJ"));
    if (token) return token;
    await delay(10);
  }
}

test("the service prints a token for development, and has all its data after a restart", async () => {
  instance = await startInstance(environment, MAIN);
  const token = await tokenOf(instance);
  const device = deviceAt(instance.url, token);
  assert.equal((await device.submit("setUserPasscode", "correct horse")).errors, undefined);
  const { keyId } = await device.key();
  assert.equal(await instance.kill("SIGTERM"), 0);

  instance = await startInstance(environment, MAIN);
  const again = deviceAt(instance.url, token);
  assert.equal((await again.key()).keyId, keyId);
  const answer = await again.submit("verifyUserPasscode", "correct horse");
  assert.equal(answer.data.verifyUserPasscode.verified, true);
});

test("the service keeps what was written when it is killed", async () => {
  instance = await startInstance(environment, MAIN);
  const device = deviceAt(instance.url, await tokenOf(instance));
  const { keyId } = (await device.rotate()).data.rotateClientEncryptionKey;
  await instance.kill("SIGKILL");
  instance = await startInstance(environment, MAIN);
  assert.equal((await deviceAt(instance.url, await tokenOf(instance)).key()).keyId, keyId);
});

test("the service answers requests in flight before it ends", async () => {
  // Long keys take long to make.
  const started = await startInstance({ ...environment, RSA_KEY_BITS: "3072" }, MAIN);
  instance = started;
  const token = await tokenOf(started);
  const graphql = (query: string, variables?: object) => post(started.url, query, variables, token);
  const asking = Array.from({ length: 5 }, (_, i) =>
    new Device({ graphql, clock: new Clock() }, token, `tablet-${i}`).generate(),
  );
  await Promise.race(asking);
  const ending = started.kill("SIGTERM");
  for (const answer of await Promise.all(asking)) assert.equal(answer.errors, undefined);
  assert.equal(await ending, 0);
  const ended = started.lines.findIndex(({ msg }) => msg === "ending");
  const later = started.lines.slice(ended).filter(({ msg }) => msg === "request completed");
  assert.ok(later.length > 0, "nothing was in flight");
  assert.equal(started.lines.at(-1)!.msg, "ended");
});

test("the service names every missing setting in production, and ends", () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, NODE_ENV: "production", DATA_DIR: folder },
    encoding: "utf8",
  });
  assert.equal(status, 1);
  assert.equal(stdout, "");
  for (const name of ["KMS_KEY_ID", "AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE"]) {
    assert.match(stderr, new RegExp(`^- ${name}: `, "m"));
  }
});

if (!database) {
  test("a second process on the same folder is refused", async () => {
    instance = await startInstance(environment, MAIN);
    const second = spawnSync(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, PORT: "0", ...environment },
      encoding: "utf8",
    });
    assert.equal(second.status, 1);
    assert.match(second.stderr, /another process has the database in .* open.*DATABASE_URL/s);
  });
}

test("tokens of an issuer with a JWKS address are checked by its keys", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const other = await generateKeyPair("ES256");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256", use: "sig" }] };
  const issuer = await serve(JSON.stringify(jwks));
  const secret = JSON.stringify(jwks.keys[0]);
  const service = await startTestService({
    AUTH_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`,
    AUTH_ISSUER: "https://login.example",
    AUTH_AUDIENCE: "keys",
  });
  const sign = (key: CryptoKey | Uint8Array, alg: string) =>
    new SignJWT({ roles: ["metrics"] })
      .setProtectedHeader({ alg, kid: "1" })
      .setSubject("ada")
      .setIssuer("https://login.example")
      .setAudience("keys")
      .setExpirationTime(new Date(service.clock.now().getTime() + 60_000))
      .sign(key);
  try {
    const ask = (token: string) => service.graphql("{ whoAmI { userId roles } }", {}, token);
    const answer = await ask(await sign(privateKey, "ES256"));
    assert.deepEqual(answer.data.whoAmI, { userId: "ada", roles: ["metrics"] });
    assert.equal(codeOf(await ask(await sign(other.privateKey, "ES256"))), "UNAUTHENTICATED");
    // The public key as if it were a shared secret.
    const confused = await sign(new TextEncoder().encode(secret), "HS256");
    assert.equal(codeOf(await ask(confused)), "UNAUTHENTICATED");
  } finally {
    await service.close();
    issuer.close();
  }
});

test("while the issuer is away no token is called wrong", async () => {
  const issuer = await serve("");
  const { port } = issuer.address() as AddressInfo;
  issuer.close();
  const service = await startTestService({
    AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    AUTH_ISSUER: "https://login.example",
    AUTH_AUDIENCE: "keys",
  });
  try {
    const { privateKey } = await generateKeyPair("ES256");
    const token = await new SignJWT().setProtectedHeader({ alg: "ES256" }).sign(privateKey);
    const answer = await service.graphql("{ whoAmI { userId } }", {}, token);
    assert.equal(codeOf(answer), "ISSUER_UNAVAILABLE");
    assert.ok(service.logged().includes("ISSUER_UNAVAILABLE"));
  } finally {
    await service.close();
  }
});

async function serve(body: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
