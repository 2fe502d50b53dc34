import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eq } from "drizzle-orm";
import { decodeProtectedHeader, type JWK } from "jose";
import { MINUTE, SECOND } from "../src/common/durations.js";
import { serviceSecrets } from "../src/database/schema/keys.js";
import { Sealer } from "../src/envelope/sealer.js";
import { ServiceSecrets } from "../src/envelope/service-secrets.js";
import { at, ReceiptWorld, TRANSFER } from "./support/receipts.js";

let world: ReceiptWorld;
before(async () => {
  world = await ReceiptWorld.start();
});
after(() => world.stop());

test("the public keys are for everybody, may be cached, and are public", async () => {
  const response = await fetch(`${world.service.url}/.well-known/jwks.json`);
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

test("the key rotates: the next one is published before it signs, the former one until its receipts end", async () => {
  const admin = await world.service.token("root", "admin");
  const kids = async () => (await world.publishedKeys()).map(({ kid }) => kid);
  const kidOf = (receipt: string) => decodeProtectedHeader(receipt).kid;
  const [old] = await kids();
  const rotate = "mutation { rotateServiceSecret(purpose: RECEIPT) { version usedFrom } }";
  const { data, errors } = await world.service.graphql(rotate, {}, admin);
  assert.equal(errors, undefined);
  assert.equal(data.rotateServiceSecret.version, 2);
  const [next, ...others] = await kids();
  assert.deepEqual(others, [old]);
  assert.notEqual(next, old);

  // Another instance learns of it before it is used.
  const sealer = world.service.app.get(Sealer);
  const another = new ServiceSecrets(world.service.database, sealer, world.service.clock);
  const ring = await another.ring("receipt");
  assert.deepEqual(
    ring.map(({ version }) => version),
    [2, 1],
  );

  world.service.clock.advance(2 * MINUTE - SECOND);
  const last = await world.receiptOf();
  assert.equal(kidOf(last), old);
  world.service.clock.advance(SECOND);
  const first = await world.receiptOf();
  assert.equal(kidOf(first), next);
  await at(world.service.clock.now(), async () => {
    const backend = await world.freshBackend();
    for (const receipt of [last, first]) await backend(TRANSFER, receipt);
  });

  const task = "mutation { runDailyTask { id } }";
  await world.service.graphql(task, {}, admin);
  assert.deepEqual(await kids(), [next, old]);
  world.service.clock.advance(2 * MINUTE);
  assert.deepEqual(await kids(), [next]);
  await world.service.graphql(task, {}, admin);
  const rows = await world.service.database.orm
    .select({ version: serviceSecrets.version })
    .from(serviceSecrets)
    .where(eq(serviceSecrets.purpose, "receipt"));
  assert.deepEqual(rows, [{ version: 2 }]);
  await at(world.service.clock.now(), async () => {
    const backend = await world.freshBackend();
    await backend(TRANSFER, await world.receiptOf());
    await assert.rejects(backend(TRANSFER, last), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  });
});
