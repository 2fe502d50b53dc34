import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { eq } from "drizzle-orm";
import { LocalKeyring } from "kms-envelope";
import { Clock } from "../src/common/clock.js";
import { loadConfig } from "../src/config/config.js";
import { Database } from "../src/database/database.js";
import { clientKeys } from "../src/database/schema/keys.js";
import { MoveKeys } from "../src/rewrap/move-keys.js";
import { rewrap } from "../src/rewrap/rewrap.js";
import { post } from "./support/app.js";
import { codeOf, Device, type DeviceKey } from "./support/device.js";
import { startKms, type TestKms } from "./support/moto.js";
import { RewrapScene } from "./support/rewrap.js";
import { countByKey } from "./support/stored-keys.js";
import { signToken } from "./support/tokens.js";

const PASSCODE = "correct horse";
/** The messages of the service's own secrets. */
const SECRETS = 3;

let kms: TestKms;
let scene: RewrapScene;

before(async () => {
  kms = await startKms();
  Object.assign(process.env, kms.environment);
});
after(() => kms.stop());

beforeEach(async () => {
  scene = await RewrapScene.start(kms);
});
afterEach(async () => {
  await kms.proxy.start();
  await scene.end();
});

test("all rows move from a local: key to KMS while the service runs", async () => {
  const localKey = `local:${path.join(scene.folder, "old.key")}`;
  LocalKeyring.generate(path.join(scene.folder, "old.key"));
  const kmsKey = await kms.createKey();
  const user = randomUUID();
  scene.environment.KMS_KEY_ID = localKey;
  const keys = await scene.store(user, 60);
  await scene.withService({}, async ({ url }) => {
    const set = await (await deviceAt(url, user)).submit("setUserPasscode", PASSCODE);
    assert.equal(set.errors, undefined);
  });

  Object.assign(scene.environment, { KMS_KEY_ID: kmsKey, KMS_READ_KEY_IDS: localKey });
  await scene.withService({}, async ({ app, url }) => {
    const device = await deviceAt(url, user);
    let moving = true;
    const using = async () => {
      const results: unknown[] = [];
      for (let i = 0; moving || results.length <= 3; i++) {
        results.push(await verifies(device, keys[(i * 7) % keys.length]!));
        if (i % 5 === 0) results.push((await device.rotate()).errors === undefined);
      }
      return results;
    };
    const used = using();
    if (scene.testDatabase) {
      const { code, output } = await scene.command(["--batch", "5"]);
      assert.equal(code, 0, output);
    } else {
      // The folder of PGlite is this process's: the same work, without the command.
      const moveKeys = await MoveKeys.open(
        { from: [localKey], to: kmsKey },
        loadConfig(scene.environment),
      );
      const report = await rewrap(app.get(Database), moveKeys, { batch: 5 });
      assert.deepEqual([report.failed, report.unsettled], [[], false]);
    }
    moving = false;
    assert.deepEqual(new Set(await used), new Set([true]));
  });

  const after = await scene.counts();
  assert.deepEqual(Object.keys(after), [kmsKey]);
  assert.ok(after[kmsKey]! > keys.length + SECRETS);
  assert.equal((await scene.command(["--check"])).code, 0);
  // The old key is needed no more.
  rmSync(path.join(scene.folder, "old.key"));
  await scene.withService({ KMS_READ_KEY_IDS: "" }, async ({ url }) => {
    const device = await deviceAt(url, user);
    for (const key of [keys[0]!, keys.at(-1)!, await device.key()]) {
      assert.equal(await verifies(device, key), true);
    }
  });
});

test("all rows move from one KMS key to another, although each run is cut off", async () => {
  const [oldKey, newKey] = [await kms.createKey(), await kms.createKey()];
  const user = randomUUID();
  scene.environment.KMS_KEY_ID = oldKey;
  const keys = await scene.store(user, 80);
  await scene.withService({}, async ({ url }) => {
    await (await deviceAt(url, user)).submit("setUserPasscode", PASSCODE);
  });
  const all = keys.length + SECRETS + 1;
  Object.assign(scene.environment, { KMS_KEY_ID: newKey, KMS_READ_KEY_IDS: oldKey });
  const move = ["--from", oldKey, "--to", newKey, "--batch", "4"];

  const killed = await scene.command(move, { once: 8, then: (kill) => kill("SIGKILL") });
  assert.equal(killed.code, null);
  const first = await scene.counts();
  assert.equal(first[newKey]! + first[oldKey]!, all);
  assert.ok(first[newKey]! >= 8 + SECRETS && first[oldKey]! > 0, JSON.stringify(first));

  const ended = await scene.command(move, { once: 8, then: (kill) => kill("SIGTERM") });
  assert.equal(ended.code, 3);
  assert.match(
    ended.complaints,
    /^Cut off: .*SIGTERM.*\nWhat is done stays done; run it again\.$/m,
  );

  const without = await scene.command(move, { once: 8, then: () => void kms.proxy.stop() });
  assert.equal(without.code, 3);
  assert.match(without.complaints, /^Cut off: .*KMS/m);
  await kms.proxy.start();

  const middle = await scene.counts();
  assert.ok(middle[newKey]! >= first[newKey]! + 16 && middle[oldKey]! > 0, JSON.stringify(middle));
  // Half of them moved, the service reads all of them.
  await scene.withService({}, async ({ url }) => {
    const device = await deviceAt(url, user);
    for (const key of [keys[0]!, keys.at(-1)!]) assert.equal(await verifies(device, key), true);
  });

  const last = await scene.command(move);
  assert.equal(last.code, 0, last.complaints);
  assert.ok(last.output.endsWith(`${middle[oldKey]} moved, 0 failed.\n`), last.output);
  assert.deepEqual(await scene.counts(), { [newKey]: all });
  const again = await scene.command(move);
  assert.ok(again.output.endsWith("\n0 moved, 0 failed.\n"));
  assert.equal(again.code, 0);
});

test("rows that are broken are named, and all others moved", async () => {
  const [oldKey, newKey, otherKey] = await Promise.all([1, 2, 3].map(() => kms.createKey()));
  scene.environment.KMS_KEY_ID = oldKey!;
  const keys = await scene.store(randomUUID(), 10);
  const [changed, moved, garbled, ...rest] = keys.map(({ keyId }) => keyId);
  await scene.withDatabase(async ({ orm }) => {
    const messageOf = async (id: string) =>
      (await orm.select().from(clientKeys).where(eq(clientKeys.id, id)))[0]!.privateKey!;
    const put = (id: string, privateKey: Uint8Array) =>
      orm.update(clientKeys).set({ privateKey }).where(eq(clientKeys.id, id));
    const message = Buffer.from(await messageOf(changed!));
    message[message.length - 1]! ^= 1;
    await put(changed!, message);
    await put(moved!, await messageOf(rest[0]!));
    await put(garbled!, Buffer.from("garbled"));
  });
  // A key that nobody named.
  Object.assign(scene.environment, { KMS_KEY_ID: otherKey!, KMS_READ_KEY_IDS: oldKey! });
  const [foreign] = await scene.store(randomUUID(), 1);
  Object.assign(scene.environment, { KMS_KEY_ID: newKey!, KMS_READ_KEY_IDS: oldKey! });

  const { code, output, complaints } = await scene.command([]);
  assert.equal(code, 2);
  const named = complaints
    .trim()
    .split("\n")
    .map((line) => line.split(": "));
  assert.deepEqual(Object.fromEntries(named), {
    [`client_keys ${changed}`]: "ERR_ENVELOPE_AUTHENTICATION_FAILED",
    [`client_keys ${moved}`]: "ERR_ENVELOPE_CONTEXT_MISMATCH",
    [`client_keys ${garbled}`]: "ERR_ENVELOPE_MALFORMED_MESSAGE",
    [`client_keys ${foreign!.keyId}`]: "ERR_ENVELOPE_NO_USABLE_KEY",
  });
  assert.match(output, /\n8 moved, 4 failed\.\n$/);
  const checked = await scene.command(["--check"]);
  assert.equal(checked.code, 2);
  assert.match(checked.output, /^8 opened with the new key alone, 4 not\.\n$/);
});

test("a key that is destroyed meanwhile stays so", async () => {
  const [oldKey, newKey] = [await kms.createKey(), await kms.createKey()];
  scene.environment.KMS_KEY_ID = oldKey;
  const [first] = await scene.store(randomUUID(), 2);
  const moveKeys = await MoveKeys.open(
    { from: [oldKey], to: newKey },
    loadConfig(scene.environment),
  );
  await scene.withDatabase(async (database) => {
    const isFirst = eq(clientKeys.id, first!.keyId);
    const move = moveKeys.move.bind(moveKeys);
    moveKeys.move = async (row) => {
      const message = await move(row);
      await database.orm.update(clientKeys).set({ privateKey: null }).where(isFirst);
      return message;
    };
    const { moved, failed } = await rewrap(database, moveKeys, { batch: 10 });
    assert.deepEqual([moved, failed], [2, []]);
    const [row] = await database.orm.select().from(clientKeys).where(isFirst);
    assert.equal(row!.privateKey, null);
    assert.deepEqual(await countByKey(database), { [newKey]: 2 });
  });
});

test("a move that could not end well is refused before it begins", async () => {
  const [oldKey, newKey] = [await kms.createKey(), await kms.createKey()];
  scene.environment.KMS_KEY_ID = oldKey;
  await scene.store(randomUUID(), 1);
  const refused = async (words: string[], reason: RegExp) => {
    const { code, complaints } = await scene.command(words);
    assert.equal(code, 1);
    assert.match(complaints, reason);
  };
  await refused([], /^Nothing was begun: .*--from KEY, or KMS_READ_KEY_IDS/);
  await refused(["--from", oldKey, "--to", `${newKey}0`], /^Nothing was begun: .*no such key/);
  await refused(["--from", "local:./no.key", "--to", newKey], /^Nothing was begun: .*no\.key/);
  await refused(["--from", oldKey, "--batch", "0"], /--batch must be/);
  await refused(["--form", oldKey], /--form/);
  await scene.withService({}, async () => {
    // With PGlite the service has the folder for itself; with PostgreSQL another move may be running.
    if (!scene.testDatabase)
      await refused(["--from", oldKey, "--to", newKey], /another process has the database/);
  });
  assert.deepEqual(await scene.counts(), { [oldKey]: 1 + SECRETS });
  const warned = await scene.command(["--from", oldKey, "--to", newKey]);
  assert.equal(warned.code, 0);
  assert.match(warned.complaints, /does not read what is moved: set KMS_KEY_ID/);
});

async function deviceAt(url: string, userId: string): Promise<Device> {
  const token = await signToken(userId);
  const graphql = (query: string, variables?: object) => post(url, query, variables, token);
  return new Device({ graphql, clock: new Clock() }, token, `phone-${userId}`);
}

/** Whether the passcode verifies, encrypted under that key. */
async function verifies(device: Device, key: DeviceKey): Promise<true | string | undefined> {
  const payload = device.encrypt(key, "verifyUserPasscode", PASSCODE);
  const answer = await device.send("verifyUserPasscode", { keyId: key.keyId, payload });
  return answer.data?.verifyUserPasscode.verified === true || codeOf(answer);
}
