import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createPublicKey, randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, type JWK } from "jose";
import { KeyServiceClient } from "../client/index.js";
import { HOUR, SECOND } from "../src/common/durations.js";
import { MetricsWriter } from "../src/metrics/metrics-writer.js";
import { codeOf, Device } from "./support/device.js";
import { hashOf, PIN, ReceiptWorld, TRANSFER } from "./support/receipts.js";

let world: ReceiptWorld;
before(async () => {
  world = await ReceiptWorld.start();
});
after(() => world.stop());

test("a right PIN gives a receipt that a backend verifies by the public keys alone", async () => {
  const receipt = await world.receiptOf();
  const { sub: userId, jti } = decodeJwt(receipt);
  assert.deepEqual(await world.confirmedBy(TRANSFER, receipt), {
    userId: "alice",
    deviceId: "phone",
    receiptId: jti,
  });
  assert.equal(userId, "alice");
  const { iat, exp, ...claims } = decodeJwt(receipt);
  assert.equal(iat, Math.floor(world.service.clock.now().getTime() / SECOND));
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
  const [{ kid }] = (await world.publishedKeys()) as [JWK];
  assert.deepEqual(decodeProtectedHeader(receipt), { alg: "ES256", typ: "pin-receipt+jwt", kid });
  assert.notEqual(decodeJwt(await world.receiptOf()).jti, jti);
});

test("the example of a backend carries out a transfer once, and only for its receipt", async () => {
  const child = spawn(process.execPath, [`${world.folder}transfers.js`], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = String((await once(child.stdout!, "data"))[0]).trim();
    const client = new KeyServiceClient({
      url: `${world.service.url}/graphql`,
      token: world.alice.token,
      deviceId: world.alice.deviceId,
      appVersion: "1.0.0",
    });
    const transaction = await (await fetch(`${url}/transfers/t-1`)).text();
    assert.equal(transaction, TRANSFER);
    const send = async (receipt: string) =>
      (await fetch(`${url}/transfers/t-1/confirm`, { method: "POST", body: receipt })).status;
    world.catchUp();
    const wrong = await client.verifyPin("314159", { transaction });
    assert.deepEqual([wrong.verified, wrong.receipt], [false, null]);
    assert.equal(await send("made up"), 403);
    world.catchUp();
    const other = await client.verifyPin(PIN, { transaction: TRANSFER.replace("42", "43") });
    assert.equal(await send(other.receipt!), 403);
    const mallory = new Device(world.service, await world.service.token("mallory"), "laptop");
    await mallory.submit("setTransactionPin", PIN);
    assert.equal(await send(await world.receiptOf(mallory)), 403);
    world.catchUp();
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
  const device = new Device(world.service, await world.service.token("long"), "tablet");
  await device.submit("setTransactionPin", "271828182845");
  const client = new KeyServiceClient({
    url: `${world.service.url}/graphql`,
    token: device.token,
    deviceId: "tablet",
    appVersion: "1.0.0",
  });
  world.catchUp();
  const bytes = new TextEncoder().encode(TRANSFER);
  const { receipt } = await client.verifyPin("271828182845", { transaction: bytes });
  assert.equal((await world.confirmedBy(TRANSFER, receipt!)).userId, "long");
});

test("without a transaction there is no receipt", async () => {
  const { data } = await world.alice.submit("verifyTransactionPin", PIN);
  assert.equal(data.verifyTransactionPin.verified, true);
  assert.equal(data.verifyTransactionPin.receipt, null);
});

test("a wrong PIN, or none that is set, gives no receipt", async () => {
  const wrong = (await world.confirm(world.alice, "314159")).data.verifyTransactionPin;
  assert.deepEqual([wrong.verified, wrong.receipt], [false, null]);
  const device = new Device(world.service, await world.service.token("nobody"), randomUUID());
  const none = (await world.confirm(device)).data.verifyTransactionPin;
  assert.deepEqual([none.verified, none.receipt], [false, null]);
});

test("a locked user gets no receipt for the right PIN, until the lock ends", async () => {
  const device = new Device(world.service, await world.service.token("locked"), randomUUID());
  await device.submit("setTransactionPin", PIN);
  for (let failure = 1; failure <= 4; failure++) {
    const { data } = await world.confirm(device, "314159");
    const wait = data.verifyTransactionPin.retryAfterSeconds ?? 0;
    if (failure < 4) world.service.clock.advance(wait * SECOND);
  }
  const answer = await world.confirm(device);
  assert.equal(codeOf(answer), "CREDENTIAL_LOCKED");
  assert.ok(!JSON.stringify(answer).includes("eyJ"));
  world.service.clock.advance(24 * HOUR);
  await world.receiptOf(device);
});

test("a revoked device and a payload that was used before give no receipt", async () => {
  const device = new Device(world.service, await world.service.token("carol"), "lost-phone");
  await device.submit("setTransactionPin", PIN);
  const key = await device.key();
  const payload = device.encrypt(key, "verifyTransactionPin", PIN, { txn: hashOf(TRANSFER) });
  const send = () => device.send("verifyTransactionPin", { keyId: key.keyId, payload });
  assert.ok((await send()).data.verifyTransactionPin.receipt);
  assert.equal(codeOf(await send()), "PAYLOAD_REPLAYED");
  const fresh = device.encrypt(key, "verifyTransactionPin", PIN, { txn: hashOf(TRANSFER) });
  await world.service.graphql(
    'mutation { revokeDevice(deviceId: "lost-phone") { deviceId } }',
    {},
    device.token,
  );
  const answer = await device.send("verifyTransactionPin", { keyId: key.keyId, payload: fresh });
  assert.equal(codeOf(answer), "DEVICE_REVOKED");
});

test("only a payload that verifies a PIN names a transaction, as a SHA-256", async () => {
  const withTxn = (txn: unknown) => world.alice.submit("verifyTransactionPin", PIN, {}, { txn });
  const hash = hashOf(TRANSFER);
  await world.receiptOf();
  for (const txn of ["", `${hash}=`, hash.slice(1), `${hash.slice(0, -1)}B`, 1, null, {}]) {
    assert.equal(codeOf(await withTxn(txn)), "PAYLOAD_INVALID", JSON.stringify(txn));
  }
  // None of them was counted as a failure.
  assert.equal((await withTxn(hash)).data.verifyTransactionPin.failedAttempts, 0);
  const txn = { txn: hash };
  assert.equal(
    codeOf(await world.alice.submit("verifyUserPasscode", "correct horse", {}, txn)),
    "PAYLOAD_INVALID",
  );
  assert.equal(
    codeOf(await world.alice.submit("setTransactionPin", "161803", {}, txn)),
    "PAYLOAD_INVALID",
  );
  // What confirms a transaction does not change the PIN, too.
  const key = await world.alice.key();
  const encryptedCurrentPin = world.alice.encrypt(key, "verifyTransactionPin", PIN, txn);
  const change = await world.alice.submit("setTransactionPin", "161803", { encryptedCurrentPin });
  assert.equal(codeOf(change), "PAYLOAD_INVALID");
});

test("a receipt that was tampered with is refused, whichever part it was", async () => {
  const receipt = await world.receiptOf();
  await world.confirmedBy(TRANSFER, receipt);
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
    await assert.rejects(world.confirmedBy(TRANSFER, parts.join(".")), { name: /^J/ }, what);
  }
});

test("a receipt is refused for another transaction, and after its time", async () => {
  const receipt = await world.receiptOf();
  await assert.rejects(world.confirmedBy(`${TRANSFER} `, receipt), /another transaction/);
  await world.later(60 * SECOND, TRANSFER, receipt);
  await assert.rejects(world.later(66 * SECOND, TRANSFER, receipt), { code: "ERR_JWT_EXPIRED" });
});

test("a receipt for another audience or of another issuer is refused", async () => {
  const elsewhere = { RECEIPT_AUDIENCE: "loans", RECEIPT_ISSUER: "kms-envelope-service" };
  const { RECEIPT_AUDIENCE, RECEIPT_ISSUER } = world.service.config;
  try {
    Object.assign(world.service.config, elsewhere);
    await assert.rejects(world.confirmedBy(TRANSFER, await world.receiptOf()), { claim: "aud" });
    Object.assign(world.service.config, { RECEIPT_AUDIENCE, RECEIPT_ISSUER: "somebody" });
    await assert.rejects(world.confirmedBy(TRANSFER, await world.receiptOf()), { claim: "iss" });
  } finally {
    Object.assign(world.service.config, { RECEIPT_AUDIENCE, RECEIPT_ISSUER });
  }
});

test("tokens of another algorithm or another key are no receipts, and receipts are no tokens", async () => {
  const receipt = await world.receiptOf();
  const claims = decodeJwt(receipt);
  const { kid } = decodeProtectedHeader(receipt);
  const typ = "pin-receipt+jwt";
  const unsigned = [{ alg: "none", typ, kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  await assert.rejects(world.confirmedBy(TRANSFER, `${unsigned}.`), { code: /^ERR_J/ });
  // The public key as the secret of an HMAC: in PEM, and as its JWK.
  const [jwk] = await world.publishedKeys();
  const pem = createPublicKey({ key: jwk as never, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  for (const secret of [String(pem), JSON.stringify(jwk)]) {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ, kid })
      .sign(new TextEncoder().encode(secret));
    await assert.rejects(world.confirmedBy(TRANSFER, token), { code: "ERR_JOSE_ALG_NOT_ALLOWED" });
  }
  const { privateKey } = await generateKeyPair("ES256");
  const foreign = new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ, kid });
  await assert.rejects(world.confirmedBy(TRANSFER, await foreign.sign(privateKey)), {
    code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
  });
  await assert.rejects(world.confirmedBy(TRANSFER, world.alice.token), { code: /^ERR_J/ });
  const answer = await world.service.graphql("{ whoAmI { userId } }", {}, receipt);
  assert.equal(codeOf(answer), "UNAUTHENTICATED");
});

test("each receipt is found in the audit log by its id, however many there are", async () => {
  const admin = await world.service.token("root", "admin");
  const device = new Device(world.service, await world.service.token("busy"), randomUUID());
  await device.submit("setTransactionPin", PIN);
  const receipts: string[] = [];
  for (let n = 0; n < 3; n++) receipts.push(await world.receiptOf(device));
  await world.service.app.get(MetricsWriter).flush();
  const query = `query ($id: ID) {
    auditLog(filter: { receiptId: $id }) { operation outcome userId receiptId times requestId }
  }`;
  for (const receipt of receipts) {
    const { jti: id } = decodeJwt(receipt);
    const { data } = await world.service.graphql(query, { id }, admin);
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
  assert.ok(!world.service.logged().includes(receipts[0]!.split(".")[2]!));
});
