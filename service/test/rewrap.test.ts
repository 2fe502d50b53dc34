import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eq } from "drizzle-orm";
import { LocalKeyring } from "kms-envelope";
import { Clock } from "../src/common/clock.js";
import { loadConfig } from "../src/config/config.js";
import { Database } from "../src/database/database.js";
import { openDatabase } from "../src/database/open.js";
import { clientKeys } from "../src/database/schema/keys.js";
import { createLog } from "../src/logging/log.js";
import { MoveKeys } from "../src/rewrap/move-keys.js";
import { rewrap } from "../src/rewrap/rewrap.js";
import { startService } from "../src/service.js";
import { post } from "./support/app.js";
import { codeOf, Device, type DeviceKey } from "./support/device.js";
import { startKms, type TestKms } from "./support/moto.js";
import { countByKey, storeKeys } from "./support/stored-keys.js";
import { createTestDatabase, type TestDatabase } from "./support/test-database.js";
import { signToken, TOKEN_SETTINGS } from "./support/tokens.js";

const COMMAND = fileURLToPath(new URL("../src/rewrap/main.js", import.meta.url));
const PASSCODE = "correct horse";
/** The messages of the service's own secrets. */
const SECRETS = 3;

let kms: TestKms;
let folder: string;
let testDatabase: TestDatabase | undefined;
let environment: Record<string, string>;
const log = createLog("silent");

before(async () => {
  kms = await startKms();
  Object.assign(process.env, kms.environment);
});
after(() => kms.stop());

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-rewrap-"));
  testDatabase = await createTestDatabase();
  environment = {
    ...kms.environment,
    ...TOKEN_SETTINGS,
    NODE_ENV: "test",
    PORT: "0",
    DATA_DIR: folder,
    DAILY_TASK_MINUTES: "0",
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
    LIMIT_USER_REQUESTS_PER_MINUTE: "0",
    LIMIT_DEVICE_GENERATIONS: "100000",
    LIMIT_USER_GENERATIONS: "100000",
    LIMIT_ADDRESS_GENERATIONS: "100000",
    KMS_CACHE_SECONDS: "0",
    ...(testDatabase && { DATABASE_URL: testDatabase.url }),
  };
});
afterEach(async () => {
  await kms.proxy.start();
  await testDatabase?.drop();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly complaints: string;
}

/** What is done to the command once it has moved so many keys of devices. */
interface Interruption {
  readonly once?: number;
  readonly then?: (kill: (name: NodeJS.Signals) => void) => void;
}

/** How many keys of devices it says that it has moved. */
function movedOf(output: string): number {
  return Number([...output.matchAll(/client_keys: .* (\d+) moved/g)].at(-1)?.[1] ?? 0);
}

/** Runs the command. */
async function command(
  words: string[],
  { once: moved = Infinity, then = () => {} }: Interruption = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let complaints = "";
  child.stdout.on("data", (data: Buffer) => {
    const before = movedOf(output);
    output += data.toString();
    if (before < moved && movedOf(output) >= moved) then((name) => child.kill(name));
  });
  child.stderr.on("data", (data: Buffer) => (complaints += data.toString()));
  const [code] = await once(child, "close");
  return { code, output, complaints };
}

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadConfig(environment), log);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

const counts = () => withDatabase(countByKey);

/** Keys of one user in a database that no service uses, under the key of the settings. */
function store(userId: string, count: number): Promise<DeviceKey[]> {
  const config = loadConfig(environment);
  return withDatabase((database) => storeKeys(database, config, userId, count));
}

async function withService<T>(
  settings: Record<string, string>,
  work: (service: Awaited<ReturnType<typeof startService>>) => Promise<T>,
): Promise<T> {
  const service = await startService(loadConfig({ ...environment, ...settings }), { log });
  try {
    return await work(service);
  } finally {
    await service.close();
  }
}

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

test("from local: to KMS, while the service runs", async () => {
  const localKey = `local:${path.join(folder, "old.key")}`;
  LocalKeyring.generate(path.join(folder, "old.key"));
  const kmsKey = await kms.createKey();
  const user = randomUUID();
  environment.KMS_KEY_ID = localKey;
  const keys = await store(user, 60);
  await withService({}, async ({ url }) => {
    const set = await (await deviceAt(url, user)).submit("setUserPasscode", PASSCODE);
    assert.equal(set.errors, undefined);
  });

  Object.assign(environment, { KMS_KEY_ID: kmsKey, KMS_READ_KEY_IDS: localKey });
  await withService({}, async ({ app, url }) => {
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
    if (testDatabase) {
      const { code, output } = await command(["--batch", "5"]);
      assert.equal(code, 0, output);
    } else {
      // The folder of PGlite is this process's: the same work, without the command.
      const moveKeys = await MoveKeys.open(
        { from: [localKey], to: kmsKey },
        loadConfig(environment),
      );
      const report = await rewrap(app.get(Database), moveKeys, { batch: 5 });
      assert.deepEqual([report.failed, report.unsettled], [[], false]);
    }
    moving = false;
    assert.deepEqual(new Set(await used), new Set([true]));
  });

  const after = await counts();
  assert.deepEqual(Object.keys(after), [kmsKey]);
  assert.ok(after[kmsKey]! > keys.length + SECRETS);
  assert.equal((await command(["--check"])).code, 0);
  // The old key is needed no more.
  rmSync(path.join(folder, "old.key"));
  await withService({ KMS_READ_KEY_IDS: "" }, async ({ url }) => {
    const device = await deviceAt(url, user);
    for (const key of [keys[0]!, keys.at(-1)!, await device.key()]) {
      assert.equal(await verifies(device, key), true);
    }
  });
});

test("from one KMS key to another, cut off again and again", async () => {
  const [oldKey, newKey] = [await kms.createKey(), await kms.createKey()];
  const user = randomUUID();
  environment.KMS_KEY_ID = oldKey;
  const keys = await store(user, 80);
  await withService({}, async ({ url }) => {
    await (await deviceAt(url, user)).submit("setUserPasscode", PASSCODE);
  });
  const all = keys.length + SECRETS + 1;
  Object.assign(environment, { KMS_KEY_ID: newKey, KMS_READ_KEY_IDS: oldKey });
  const move = ["--from", oldKey, "--to", newKey, "--batch", "4"];

  const killed = await command(move, { once: 8, then: (kill) => kill("SIGKILL") });
  assert.equal(killed.code, null);
  const first = await counts();
  assert.equal(first[newKey]! + first[oldKey]!, all);
  assert.ok(first[newKey]! >= 8 + SECRETS && first[oldKey]! > 0, JSON.stringify(first));

  const ended = await command(move, { once: 8, then: (kill) => kill("SIGTERM") });
  assert.equal(ended.code, 3);
  assert.match(
    ended.complaints,
    /^Cut off: .*SIGTERM.*\nWhat is done stays done; run it again\.$/m,
  );

  const without = await command(move, { once: 8, then: () => void kms.proxy.stop() });
  assert.equal(without.code, 3);
  assert.match(without.complaints, /^Cut off: .*KMS/m);
  await kms.proxy.start();

  const middle = await counts();
  assert.ok(middle[newKey]! >= first[newKey]! + 16 && middle[oldKey]! > 0, JSON.stringify(middle));
  // Half of them moved, the service reads all of them.
  await withService({}, async ({ url }) => {
    const device = await deviceAt(url, user);
    for (const key of [keys[0]!, keys.at(-1)!]) assert.equal(await verifies(device, key), true);
  });

  const last = await command(move);
  assert.equal(last.code, 0, last.complaints);
  assert.ok(last.output.endsWith(`${middle[oldKey]} moved, 0 failed.\n`), last.output);
  assert.deepEqual(await counts(), { [newKey]: all });
  const again = await command(move);
  assert.ok(again.output.endsWith("\n0 moved, 0 failed.\n"));
  assert.equal(again.code, 0);
});

test("rows that are broken are named, and all others moved", async () => {
  const [oldKey, newKey, otherKey] = await Promise.all([1, 2, 3].map(() => kms.createKey()));
  environment.KMS_KEY_ID = oldKey!;
  const keys = await store(randomUUID(), 10);
  const [changed, moved, garbled, ...rest] = keys.map(({ keyId }) => keyId);
  await withDatabase(async ({ orm }) => {
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
  Object.assign(environment, { KMS_KEY_ID: otherKey!, KMS_READ_KEY_IDS: oldKey! });
  const [foreign] = await store(randomUUID(), 1);
  Object.assign(environment, { KMS_KEY_ID: newKey!, KMS_READ_KEY_IDS: oldKey! });

  const { code, output, complaints } = await command([]);
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
  const checked = await command(["--check"]);
  assert.equal(checked.code, 2);
  assert.match(checked.output, /^8 opened with the new key alone, 4 not\.\n$/);
});

test("a key that is destroyed meanwhile stays so", async () => {
  const [oldKey, newKey] = [await kms.createKey(), await kms.createKey()];
  environment.KMS_KEY_ID = oldKey;
  const [first] = await store(randomUUID(), 2);
  const moveKeys = await MoveKeys.open({ from: [oldKey], to: newKey }, loadConfig(environment));
  await withDatabase(async (database) => {
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

test("it begins nothing where it could not end well", async () => {
  const [oldKey, newKey] = [await kms.createKey(), await kms.createKey()];
  environment.KMS_KEY_ID = oldKey;
  await store(randomUUID(), 1);
  const refused = async (words: string[], reason: RegExp) => {
    const { code, complaints } = await command(words);
    assert.equal(code, 1);
    assert.match(complaints, reason);
  };
  await refused([], /^Nothing was begun: .*--from KEY, or KMS_READ_KEY_IDS/);
  await refused(["--from", oldKey, "--to", `${newKey}0`], /^Nothing was begun: .*no such key/);
  await refused(["--from", "local:./no.key", "--to", newKey], /^Nothing was begun: .*no\.key/);
  await refused(["--from", oldKey, "--batch", "0"], /--batch must be/);
  await refused(["--form", oldKey], /--form/);
  await withService({}, async () => {
    // With PGlite the service has the folder for itself; with PostgreSQL another move may be running.
    if (!testDatabase)
      await refused(["--from", oldKey, "--to", newKey], /another process has the database/);
  });
  assert.deepEqual(await counts(), { [oldKey]: 1 + SECRETS });
  const warned = await command(["--from", oldKey, "--to", newKey]);
  assert.equal(warned.code, 0);
  assert.match(warned.complaints, /does not read what is moved: set KMS_KEY_ID/);
});
