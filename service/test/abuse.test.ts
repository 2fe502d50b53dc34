import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { CompactSign, SignJWT, UnsecuredJWT, decodeJwt, generateKeyPair } from "jose";
import { DAY, MINUTE } from "../src/common/durations.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device, encryptText } from "./support/device.js";

let service: TestService;
before(async () => {
  service = await startTestService({
    CREDENTIAL_FREE_ATTEMPTS: "50",
    CREDENTIAL_LOCK_AFTER: "100",
    CREDENTIAL_WINDOW_FAILURES: "100",
    LIMIT_DEVICE_GENERATIONS: "1000",
  });
});
after(() => service.close());

const ME = "{ whoAmI { userId } }";

async function newDevice(user: string = randomUUID()): Promise<Device> {
  return new Device(service, await service.token(user), randomUUID());
}

/** A request whose every byte is ours. */
async function raw(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const token = await service.token("ada");
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    body,
  });
  const text = await response.text();
  return { status: response.status, text, code: JSON.parse(text).errors?.[0]?.extensions?.code };
}

const asking = (query: string, variables?: object) => raw(JSON.stringify({ query, variables }));

test("forged, expired and foreign tokens are all refused alike", async () => {
  const secret = new TextEncoder().encode(service.config.AUTH_SHARED_SECRET);
  const good = (alg = "HS256") =>
    new SignJWT({ roles: ["admin"] })
      .setProtectedHeader({ alg })
      .setSubject("eve")
      .setIssuer(service.config.AUTH_ISSUER)
      .setAudience(service.config.AUTH_AUDIENCE)
      .setExpirationTime(new Date(service.clock.now().getTime() + MINUTE));
  const { privateKey } = await generateKeyPair("RS256");
  const signed = await good().sign(secret);
  const past = new Date(service.clock.now().getTime() - MINUTE);
  const parts = signed.split(".");
  const admin = Buffer.from(JSON.stringify({ sub: "root", roles: ["admin"] })).toString(
    "base64url",
  );
  const tokens = {
    "another secret": await good().sign(randomBytes(32)),
    "another algorithm": await good("HS512").sign(secret),
    "another kind of key": await good("RS256").sign(privateKey),
    "no signature": new UnsecuredJWT({ sub: "eve" }).setIssuer(service.config.AUTH_ISSUER).encode(),
    "another payload": [parts[0], admin, parts[2]].join("."),
    expired: await good().setExpirationTime(past).sign(secret),
    "not yet valid": await good().setNotBefore("1 day from now").sign(secret),
    "another issuer": await good().setIssuer("https://elsewhere.example").sign(secret),
    "another audience": await good().setAudience("another service").sign(secret),
    "no subject": await good().setSubject("").sign(secret),
    "a long subject": await good().setSubject("e".repeat(256)).sign(secret),
    "a subject with a NUL": await good().setSubject("eve\u0000").sign(secret),
    "a subject that is a number": await new CompactSign(
      Buffer.from(JSON.stringify({ ...decodeJwt(signed), sub: 7 })),
    )
      .setProtectedHeader({ alg: "HS256" })
      .sign(secret),
    "no expiry": await new SignJWT({
      sub: "eve",
      iss: service.config.AUTH_ISSUER,
      aud: service.config.AUTH_AUDIENCE,
    })
      .setProtectedHeader({ alg: "HS256" })
      .sign(secret),
    garbage: "not.a.token",
    nothing: undefined,
  };
  assert.equal((await service.graphql(ME, {}, signed)).data.whoAmI.userId, "eve");
  const answers = new Set<string>();
  for (const [name, token] of Object.entries(tokens)) {
    const answer = await service.graphql(ME, {}, token);
    assert.equal(codeOf(answer), "UNAUTHENTICATED", name);
    answers.add(JSON.stringify(answer.errors));
  }
  assert.equal(answers.size, 1);
});

test("an operation for a role is refused to whoever lacks it", async () => {
  const token = await service.token("ada");
  const summary = "{ getEncryptionMetricsSummary }";
  assert.equal(codeOf(await service.graphql(summary, {}, token)), "FORBIDDEN");
  assert.equal(
    (await service.graphql(summary, {}, await service.token("ada", "metrics"))).errors,
    undefined,
  );
});

test("a key of another user and one that does not exist get the same answer", async () => {
  const [mine, theirs] = [await newDevice(), await newDevice()];
  const key = await theirs.key();
  const payload = mine.encrypt(key, "verifyUserPasscode", "correct horse");
  const foreign = await mine.send("verifyUserPasscode", { keyId: key.keyId, payload });
  const unknown = await mine.send("verifyUserPasscode", { keyId: randomUUID(), payload });
  assert.equal(codeOf(foreign), "KEY_NOT_FOUND");
  assert.deepEqual(foreign, unknown);
  for (const keyId of ["", "'; DROP TABLE client_keys; --", "\u0000", "k".repeat(9000)]) {
    const answer = await mine.send("verifyUserPasscode", { keyId, payload });
    assert.equal(codeOf(answer), "KEY_NOT_FOUND", JSON.stringify(keyId.slice(0, 9)));
  }
});

test("a key that has expired decrypts, and one that is destroyed does not", async () => {
  const device = await newDevice();
  const key = await device.key();
  const verify = () =>
    device.send("verifyUserPasscode", {
      keyId: key.keyId,
      payload: device.encrypt(key, "verifyUserPasscode", "anything"),
    });
  service.clock.advance(30 * DAY);
  assert.equal((await verify()).data.verifyUserPasscode.verified, false);
  service.clock.advance(90 * DAY);
  assert.equal(codeOf(await verify()), "KEY_DESTROYED");
});

test("whatever is wrong with a payload, the answer is the same", async () => {
  const device = await newDevice();
  const key = await device.key();
  const good = () =>
    Buffer.from(device.encrypt(key, "verifyUserPasscode", "correct horse"), "base64");
  const flipped = (at: number) => {
    const bytes = good();
    bytes[at]! ^= 1;
    return bytes.toString("base64");
  };
  const now = service.clock.now().toISOString();
  const whole = {
    operation: "verifyUserPasscode",
    secret: "x",
    nonce: "n".repeat(16),
    issuedAt: now,
  };
  const plain = (value: unknown) => encryptText(key.publicKey, JSON.stringify(value));
  const payloads = {
    "first byte": flipped(0),
    "a byte amid": flipped(100),
    "last byte": flipped(255),
    zeros: Buffer.alloc(256).toString("base64"),
    "over the modulus": Buffer.alloc(256, 0xff).toString("base64"),
    "a byte short": good().subarray(1).toString("base64"),
    "a byte long": Buffer.concat([Buffer.alloc(1), good()]).toString("base64"),
    empty: "",
    "not base64": "*".repeat(344),
    base64url: good().toString("base64url"),
    "another key": device.encrypt(await (await newDevice()).key(), "verifyUserPasscode", "x"),
    "not JSON": encryptText(key.publicKey, "secret"),
    "not UTF-8": encryptText(key.publicKey, "\ud800"),
    "an array": plain([whole]),
    "no nonce": plain({ ...whole, nonce: undefined }),
    "a short nonce": plain({ ...whole, nonce: "n".repeat(15) }),
    "a field more": plain({ ...whole, a: 1 }),
    "a number": plain({ ...whole, secret: 123456 }),
    "no secret": plain({ ...whole, secret: "" }),
    "a strange time": plain({ ...whole, issuedAt: "yesterday" }),
    "another operation": plain({ ...whole, operation: "setUserPasscode" }),
  };
  const answers = new Set<string>();
  for (const [name, payload] of Object.entries(payloads)) {
    const answer = await device.send("verifyUserPasscode", { keyId: key.keyId, payload });
    assert.equal(codeOf(answer), "PAYLOAD_INVALID", name);
    answers.add(JSON.stringify(answer));
  }
  assert.equal(answers.size, 1);
});

test("a payload over 2048 bytes is refused before anything is done", async () => {
  const device = await newDevice();
  const large = { keyId: randomUUID(), payload: Buffer.alloc(2049).toString("base64") };
  // The key does not exist; nobody has looked.
  assert.equal(codeOf(await device.send("verifyUserPasscode", large)), "PAYLOAD_TOO_LARGE");
  const most = { keyId: randomUUID(), payload: Buffer.alloc(2048).toString("base64") };
  assert.equal(codeOf(await device.send("verifyUserPasscode", most)), "KEY_NOT_FOUND");
});

test("a device id or version in a wrong form is refused", async () => {
  const token = await service.token("ada");
  for (const [deviceId, appVersion] of [
    ["", "1"],
    ["a b", "1"],
    ["ä", "1"],
    ["d".repeat(129), "1"],
    ["device", ""],
    ["device", "1\n2"],
    ["device", "1".repeat(65)],
  ]) {
    const query = `mutation ($input: GenerateClientEncryptionKeyInput!) {
      generateClientEncryptionKey(input: $input) { keyId }
    }`;
    const answer = await service.graphql(query, { input: { deviceId, appVersion } }, token);
    assert.equal(codeOf(answer), "BAD_USER_INPUT");
  }
});

test("a wrong variable is not repeated, as it may be a secret", async () => {
  const device = await newDevice();
  const answer = await device.send(
    "verifyUserPasscode",
    { keyId: "k", payload: "p" },
    {
      encryptedPasscode: { oops: "hunter2 in the clear" },
      passwordAuthType: "hunter3",
    },
  );
  for (const { extensions } of answer.errors!) assert.equal(extensions.code, "BAD_USER_INPUT");
  assert.ok(!/hunter/.test(JSON.stringify(answer)));
  assert.ok(!/hunter/.test(service.logged()));
});

test("a body that is too long, compressed or no request is refused", async () => {
  const large = await asking(ME, { padding: "x".repeat(17_000) });
  assert.deepEqual([large.status, large.code], [413, "BODY_TOO_LARGE"]);
  const malformed = await raw('{"query": ');
  assert.deepEqual([malformed.status, malformed.code], [400, "BAD_USER_INPUT"]);
  const bomb = await raw(Buffer.alloc(20_000), { "content-encoding": "gzip" });
  assert.equal(bomb.status, 400);
  assert.equal((await raw("[]")).code, "BAD_REQUEST");
  assert.equal((await raw("{}")).code, "BAD_REQUEST");
});

test("a document with too much depth, aliases, directives, cost, tokens or mutations is refused", async () => {
  const nested = `{ __type(name: "X") { ${"ofType { ".repeat(8)} name ${"} ".repeat(8)} } }`;
  const aliases = `{ ${Array.from({ length: 6 }, (_, i) => `a${i}: whoAmI { userId }`).join(" ")} }`;
  const directives = `{ whoAmI ${"@include(if: true) ".repeat(11)} { userId } }`;
  const costly = `{ whoAmI { ${"userId ".repeat(400)} } }`;
  const fragments = "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
  const mutations = `mutation { a: runDailyTask { id } b: runDailyTask { id } }`;
  const viaFragment = `mutation { ...M } fragment M on Mutation { a: runDailyTask { id } b: runDailyTask { id } }`;
  assert.equal((await asking(nested)).code, "REQUEST_TOO_COMPLEX");
  assert.equal((await asking(aliases)).code, "REQUEST_TOO_COMPLEX");
  assert.equal((await asking(directives)).code, "REQUEST_TOO_COMPLEX");
  assert.equal((await asking(mutations)).code, "REQUEST_TOO_COMPLEX");
  assert.equal((await asking(viaFragment)).code, "REQUEST_TOO_COMPLEX");
  assert.equal((await asking(costly)).code, "REQUEST_TOO_COMPLEX");
  assert.equal((await asking(fragments)).code, "GRAPHQL_VALIDATION_FAILED");
  assert.equal(
    (await asking(`{ ${"whoAmI { userId } ".repeat(200)} }`)).code,
    "GRAPHQL_PARSE_FAILED",
  );
  assert.equal((await asking("{ nothing }")).code, "GRAPHQL_VALIDATION_FAILED");
  const named = "query A { whoAmI { userId } } query B { whoAmI { userId } }";
  assert.equal((await asking(named)).code, "OPERATION_RESOLUTION_FAILURE");
});

test("a request that holds several requests is refused", async () => {
  const batch = await raw(JSON.stringify([{ query: ME }, { query: ME }]));
  assert.deepEqual([batch.status, batch.code], [400, "BAD_REQUEST"]);
});

test("a page of another origin cannot make a browser send a request", async () => {
  const token = await service.token("ada");
  const headers = { authorization: `Bearer ${token}` };
  const byGet = await fetch(`${service.url}/graphql?query=${encodeURIComponent(ME)}`, { headers });
  assert.equal(byGet.status, 400);
  const asForm = await raw(JSON.stringify({ query: ME }), { "content-type": "text/plain" });
  assert.equal(asForm.status, 400);
  const preflight = await fetch(`${service.url}/graphql`, {
    method: "OPTIONS",
    headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
  });
  assert.equal(preflight.headers.get("access-control-allow-origin"), null);
});
