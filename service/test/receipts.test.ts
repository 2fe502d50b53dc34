import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, createPublicKey, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eq } from "drizzle-orm";
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, type JWK } from "jose";
import { KeyServiceClient } from "../client/index.js";
import { HOUR, MINUTE, SECOND } from "../src/common/durations.js";
import { serviceSecrets } from "../src/database/schema/keys.js";
import { Sealer } from "../src/envelope/sealer.js";
import { ServiceSecrets } from "../src/envelope/service-secrets.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { startTestService, type TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";

const PIN = "271828";
const TRANSFER = '{"id":"t-1","to":"bob","cents":4200}';
/** The programs of docs/receipts.md, as they are printed; seen from dist/test. */
const DOCS = readFileSync(new URL("../../docs/receipts.md", import.meta.url), "utf8");
const FOLDER = fileURLToPath(new URL("receipts-docs/", import.meta.url));

type ConfirmedBy = (transaction: string, receipt: string) => Promise<Record<string, string>>;

let service: TestService;
let alice: Device;
let confirmedBy: ConfirmedBy;
/** The same, so many milliseconds later. */
let later: (milliseconds: number, ...given: Parameters<ConfirmedBy>) => ReturnType<ConfirmedBy>;
before(async () => {
  service = await startTestService({ AUDIT_USER_ROWS_PER_MINUTE: "3", CREDENTIAL_LOCK_AFTER: "4" });
  alice = new Device(service, await service.token("alice"), "phone");
  await alice.submit("setTransactionPin", PIN);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}confirmed-by.js`, printed("`confirmed-by.js`"));
  writeFileSync(`${FOLDER}transfers.js`, printed("`transfers.js`"));
  process.env.RECEIPT_KEYS = `${service.url}/.well-known/jwks.json`;
  const backend = await freshBackend();
  confirmedBy = (...given) => at(service.clock.now(), () => backend(...given));
  later = (milliseconds, ...given) =>
    at(new Date(service.clock.now().getTime() + milliseconds), () => backend(...given));
});
after(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await service.close();
});

function printed(name: string): string {
  return DOCS.slice(DOCS.indexOf(name)).split(/```\w*\n/)[1]!;
}

/** One that has no keys yet. */
async function freshBackend(): Promise<ConfirmedBy> {
  const module = await import(`${FOLDER}confirmed-by.js?${randomUUID()}`);
  return module.confirmedBy;
}

const hashOf = (transaction: string) =>
  createHash("sha256").update(transaction).digest("base64url");

async function confirm(device = alice, pin = PIN, transaction = TRANSFER) {
  return device.submit("verifyTransactionPin", pin, {}, { txn: hashOf(transaction) });
}

async function receiptOf(device = alice, transaction = TRANSFER): Promise<string> {
  const { data, errors } = await confirm(device, PIN, transaction);
  assert.equal(errors, undefined);
  assert.equal(typeof data.verifyTransactionPin.receipt, "string");
  return data.verifyTransactionPin.receipt;
}

async function publishedKeys(): Promise<JWK[]> {
  const response = await fetch(`${service.url}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: JWK[] }).keys;
}

/** Lets this process, and so the backend in it, believe that it is another time. */
async function at<Result>(time: Date, work: () => Promise<Result>): Promise<Result> {
  mock.timers.enable({ apis: ["Date"], now: time });
  try {
    return await work();
  } finally {
    mock.timers.reset();
  }
}

/** Programs of their own go by the time of this machine, which goes on while tests wait. */
function catchUp(): void {
  service.clock.advance(Math.max(0, Date.now() - service.clock.now().getTime()));
}

test("a right PIN gives a receipt that a backend verifies by the public keys alone", async () => {
  const receipt = await receiptOf();
  const { sub: userId, jti } = decodeJwt(receipt);
  assert.deepEqual(await confirmedBy(TRANSFER, receipt), {
    userId: "alice",
    deviceId: "phone",
    receiptId: jti,
  });
  assert.equal(userId, "alice");
  const { iat, exp, ...claims } = decodeJwt(receipt);
  assert.equal(iat, Math.floor(service.clock.now().getTime() / SECOND));
  assert.equal(exp, iat! + 60);
  assert.deepEqual(claims, {
    iss: "kms-envelope-service",
    aud: "transactions",
    sub: "alice",
    device_id: "phone",
    txn: hashOf(TRANSFER),
    amr: ["pin"],
    jti,
  });
  const [{ kid }] = (await publishedKeys()) as [JWK];
  assert.deepEqual(decodeProtectedHeader(receipt), { alg: "ES256", typ: "pin-receipt+jwt", kid });
  assert.notEqual(decodeJwt(await receiptOf()).jti, jti);
});

test("the example of a backend carries out a transfer once, and only for its receipt", async () => {
  const child = spawn(process.execPath, [`${FOLDER}transfers.js`], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = String((await once(child.stdout!, "data"))[0]).trim();
    const client = new KeyServiceClient({
      url: `${service.url}/graphql`,
      token: alice.token,
      deviceId: alice.deviceId,
      appVersion: "1.0.0",
    });
    const transaction = await (await fetch(`${url}/transfers/t-1`)).text();
    assert.equal(transaction, TRANSFER);
    const send = async (receipt: string) =>
      (await fetch(`${url}/transfers/t-1/confirm`, { method: "POST", body: receipt })).status;
    catchUp();
    const wrong = await client.verifyPin("314159", { transaction });
    assert.deepEqual([wrong.verified, wrong.receipt], [false, null]);
    assert.equal(await send("made up"), 403);
    catchUp();
    const other = await client.verifyPin(PIN, { transaction: TRANSFER.replace("42", "43") });
    assert.equal(await send(other.receipt!), 403);
    const mallory = new Device(service, await service.token("mallory"), "laptop");
    await mallory.submit("setTransactionPin", PIN);
    assert.equal(await send(await receiptOf(mallory)), 403);
    catchUp();
    const { verified, receipt } = await client.verifyPin(PIN, { transaction });
    assert.equal(verified, true);
    assert.deepEqual([await send(receipt!), await send(receipt!)], [200, 404]);
  } finally {
    await ended(child);
  }
});

async function ended(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("the longest PIN and a transaction fit into a payload of the client", async () => {
  const device = new Device(service, await service.token("long"), "tablet");
  await device.submit("setTransactionPin", "271828182845");
  const client = new KeyServiceClient({
    url: `${service.url}/graphql`,
    token: device.token,
    deviceId: "tablet",
    appVersion: "1.0.0",
  });
  catchUp();
  const bytes = new TextEncoder().encode(TRANSFER);
  const { receipt } = await client.verifyPin("271828182845", { transaction: bytes });
  assert.equal((await confirmedBy(TRANSFER, receipt!)).userId, "long");
});

test("without a transaction there is no receipt", async () => {
  const { data } = await alice.submit("verifyTransactionPin", PIN);
  assert.equal(data.verifyTransactionPin.verified, true);
  assert.equal(data.verifyTransactionPin.receipt, null);
});

test("a wrong PIN, or none that is set, gives no receipt", async () => {
  const wrong = (await confirm(alice, "314159")).data.verifyTransactionPin;
  assert.deepEqual([wrong.verified, wrong.receipt], [false, null]);
  const device = new Device(service, await service.token("nobody"), randomUUID());
  const none = (await confirm(device)).data.verifyTransactionPin;
  assert.deepEqual([none.verified, none.receipt], [false, null]);
});

test("a locked user gets no receipt for the right PIN, until the lock ends", async () => {
  const device = new Device(service, await service.token("locked"), randomUUID());
  await device.submit("setTransactionPin", PIN);
  for (let failure = 1; failure <= 4; failure++) {
    const { data } = await confirm(device, "314159");
    const wait = data.verifyTransactionPin.retryAfterSeconds ?? 0;
    if (failure < 4) service.clock.advance(wait * SECOND);
  }
  const answer = await confirm(device);
  assert.equal(codeOf(answer), "CREDENTIAL_LOCKED");
  assert.ok(!JSON.stringify(answer).includes("eyJ"));
  service.clock.advance(24 * HOUR);
  await receiptOf(device);
});

test("a revoked device and a payload that was used before give no receipt", async () => {
  const device = new Device(service, await service.token("carol"), "lost-phone");
  await device.submit("setTransactionPin", PIN);
  const key = await device.key();
  const payload = device.encrypt(key, "verifyTransactionPin", PIN, { txn: hashOf(TRANSFER) });
  const send = () => device.send("verifyTransactionPin", { keyId: key.keyId, payload });
  assert.ok((await send()).data.verifyTransactionPin.receipt);
  assert.equal(codeOf(await send()), "PAYLOAD_REPLAYED");
  const fresh = device.encrypt(key, "verifyTransactionPin", PIN, { txn: hashOf(TRANSFER) });
  await service.graphql(
    'mutation { revokeDevice(deviceId: "lost-phone") { deviceId } }',
    {},
    device.token,
  );
  const answer = await device.send("verifyTransactionPin", { keyId: key.keyId, payload: fresh });
  assert.equal(codeOf(answer), "DEVICE_REVOKED");
});

test("only a payload that verifies a PIN names a transaction, as a SHA-256", async () => {
  const withTxn = (txn: unknown) => alice.submit("verifyTransactionPin", PIN, {}, { txn });
  const hash = hashOf(TRANSFER);
  await receiptOf();
  for (const txn of ["", `${hash}=`, hash.slice(1), `${hash.slice(0, -1)}B`, 1, null, {}]) {
    assert.equal(codeOf(await withTxn(txn)), "PAYLOAD_INVALID", JSON.stringify(txn));
  }
  // None of them was counted as a failure.
  assert.equal((await withTxn(hash)).data.verifyTransactionPin.failedAttempts, 0);
  const txn = { txn: hash };
  assert.equal(
    codeOf(await alice.submit("verifyUserPasscode", "correct horse", {}, txn)),
    "PAYLOAD_INVALID",
  );
  assert.equal(
    codeOf(await alice.submit("setTransactionPin", "161803", {}, txn)),
    "PAYLOAD_INVALID",
  );
  // What confirms a transaction does not change the PIN, too.
  const key = await alice.key();
  const encryptedCurrentPin = alice.encrypt(key, "verifyTransactionPin", PIN, txn);
  const change = await alice.submit("setTransactionPin", "161803", { encryptedCurrentPin });
  assert.equal(codeOf(change), "PAYLOAD_INVALID");
});

test("a receipt that was tampered with is refused, whichever part it was", async () => {
  const receipt = await receiptOf();
  await confirmedBy(TRANSFER, receipt);
  const [header, claims, signature] = receipt.split(".") as [string, string, string];
  const change = (part: string, edit: object) =>
    Buffer.from(
      JSON.stringify({ ...JSON.parse(String(Buffer.from(part, "base64url"))), ...edit }),
    ).toString("base64url");
  const bytes = Buffer.from(signature, "base64url");
  bytes[10]! ^= 1;
  const forged = {
    "another user": [header, change(claims, { sub: "mallory" }), signature],
    "a longer life": [header, change(claims, { exp: 9_999_999_999 }), signature],
    "another transaction": [header, change(claims, { txn: hashOf("all of it") }), signature],
    "a bit of the signature": [header, claims, bytes.toString("base64url")],
    "no signature": [header, claims, ""],
    "an unknown key": [change(header, { kid: "another" }), claims, signature],
    "the type of other tokens": [change(header, { typ: "JWT" }), claims, signature],
  };
  for (const [what, parts] of Object.entries(forged)) {
    await assert.rejects(confirmedBy(TRANSFER, parts.join(".")), { name: /^J/ }, what);
  }
});

test("a receipt is refused for another transaction, and after its time", async () => {
  const receipt = await receiptOf();
  await assert.rejects(confirmedBy(`${TRANSFER} `, receipt), /another transaction/);
  await later(60 * SECOND, TRANSFER, receipt);
  await assert.rejects(later(66 * SECOND, TRANSFER, receipt), { code: "ERR_JWT_EXPIRED" });
});

test("a receipt for another audience or of another issuer is refused", async () => {
  const elsewhere = { RECEIPT_AUDIENCE: "loans", RECEIPT_ISSUER: "kms-envelope-service" };
  const { RECEIPT_AUDIENCE, RECEIPT_ISSUER } = service.config;
  try {
    Object.assign(service.config, elsewhere);
    await assert.rejects(confirmedBy(TRANSFER, await receiptOf()), { claim: "aud" });
    Object.assign(service.config, { RECEIPT_AUDIENCE, RECEIPT_ISSUER: "somebody" });
    await assert.rejects(confirmedBy(TRANSFER, await receiptOf()), { claim: "iss" });
  } finally {
    Object.assign(service.config, { RECEIPT_AUDIENCE, RECEIPT_ISSUER });
  }
});

test("tokens of another algorithm or another key are no receipts, and receipts are no tokens", async () => {
  const receipt = await receiptOf();
  const claims = decodeJwt(receipt);
  const { kid } = decodeProtectedHeader(receipt);
  const typ = "pin-receipt+jwt";
  const unsigned = [{ alg: "none", typ, kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  await assert.rejects(confirmedBy(TRANSFER, `${unsigned}.`), { code: /^ERR_J/ });
  // The public key as the secret of an HMAC: in PEM, and as its JWK.
  const [jwk] = await publishedKeys();
  const pem = createPublicKey({ key: jwk as never, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  for (const secret of [String(pem), JSON.stringify(jwk)]) {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ, kid })
      .sign(new TextEncoder().encode(secret));
    await assert.rejects(confirmedBy(TRANSFER, token), { code: "ERR_JOSE_ALG_NOT_ALLOWED" });
  }
  const { privateKey } = await generateKeyPair("ES256");
  const foreign = new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ, kid });
  await assert.rejects(confirmedBy(TRANSFER, await foreign.sign(privateKey)), {
    code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  });
  await assert.rejects(confirmedBy(TRANSFER, alice.token), { code: /^ERR_J/ });
  const answer = await service.graphql("{ whoAmI { userId } }", {}, receipt);
  assert.equal(codeOf(answer), "UNAUTHENTICATED");
});

test("the public keys are for everybody, may be cached, and are public", async () => {
  const response = await fetch(`${service.url}/.well-known/jwks.json`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /^application\/jwk-set\+json/);
  assert.match(response.headers.get("cache-control")!, /^public, max-age=60,/);
  const { keys } = (await response.json()) as { keys: JWK[] };
  assert.equal(keys.length, 1);
  const { x, y, kid, ...rest } = keys[0]!;
  assert.deepEqual(rest, { kty: "EC", crv: "P-256", alg: "ES256", use: "sig" });
  assert.ok(x && y && kid);
  assert.ok(response.headers.get("etag"));
});

test("each receipt is found in the audit log by its id, however many there are", async () => {
  const admin = await service.token("root", "admin");
  const device = new Device(service, await service.token("busy"), randomUUID());
  await device.submit("setTransactionPin", PIN);
  const receipts: string[] = [];
  for (let n = 0; n < 3; n++) receipts.push(await receiptOf(device));
  await service.app.get(MetricsWriter).flush();
  const query = `query ($id: ID) {
    auditLog(filter: { receiptId: $id }) { operation outcome userId receiptId times requestId }
  }`;
  for (const receipt of receipts) {
    const { jti: id } = decodeJwt(receipt);
    const { data } = await service.graphql(query, { id }, admin);
    const { requestId, ...entry } = data.auditLog[0];
    assert.equal(data.auditLog.length, 1);
    assert.ok(requestId);
    assert.deepEqual(entry, {
      operation: "verify",
      outcome: "success",
      userId: "busy",
      receiptId: id,
      times: 1,
    });
  }
  assert.ok(!service.logged().includes(receipts[0]!.split(".")[2]!));
});

test("the key rotates: the next one is published before it signs, the former one until its receipts end", async () => {
  const admin = await service.token("root", "admin");
  const kids = async () => (await publishedKeys()).map(({ kid }) => kid);
  const kidOf = (receipt: string) => decodeProtectedHeader(receipt).kid;
  const [old] = await kids();
  const rotate = "mutation { rotateServiceSecret(purpose: RECEIPT) { version usedFrom } }";
  const { data, errors } = await service.graphql(rotate, {}, admin);
  assert.equal(errors, undefined);
  assert.equal(data.rotateServiceSecret.version, 2);
  const [next, ...others] = await kids();
  assert.deepEqual(others, [old]);
  assert.notEqual(next, old);

  // Another instance learns of it before it is used.
  const sealer = service.app.get(Sealer);
  const another = new ServiceSecrets(service.database, sealer, service.clock);
  const ring = await another.ring("receipt");
  assert.deepEqual(
    ring.map(({ version }) => version),
    [2, 1],
  );

  service.clock.advance(2 * MINUTE - SECOND);
  const last = await receiptOf();
  assert.equal(kidOf(last), old);
  service.clock.advance(SECOND);
  const first = await receiptOf();
  assert.equal(kidOf(first), next);
  await at(service.clock.now(), async () => {
    const backend = await freshBackend();
    for (const receipt of [last, first]) await backend(TRANSFER, receipt);
  });

  const task = "mutation { runDailyTask { id } }";
  await service.graphql(task, {}, admin);
  assert.deepEqual(await kids(), [next, old]);
  service.clock.advance(2 * MINUTE);
  assert.deepEqual(await kids(), [next]);
  await service.graphql(task, {}, admin);
  const rows = await service.database.orm
    .select({ version: serviceSecrets.version })
    .from(serviceSecrets)
    .where(eq(serviceSecrets.purpose, "receipt"));
  assert.deepEqual(rows, [{ version: 2 }]);
  await at(service.clock.now(), async () => {
    const backend = await freshBackend();
    await backend(TRANSFER, await receiptOf());
    await assert.rejects(backend(TRANSFER, last), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  });
});
