import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { eq } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { HOUR } from "../src/common/durations.js";
import { Hasher } from "../src/credentials/hasher.js";
import { credentials } from "../src/database/schema/credentials.js";
import { clientKeys, devices, serviceSecrets } from "../src/database/schema/keys.js";
import { Sealer } from "../src/envelope/sealer.js";
import { ServiceSecrets } from "../src/envelope/service-secrets.js";
import type { TestService } from "./support/app.js";
import { codeOf, Device } from "./support/device.js";
import { startForTampering, verifyPasscode } from "./support/tampering.js";

type Row = Record<string, unknown>;

/** What a caller may be told about a row that is not as it was written. */
const CLOSED = new Set([
  "KEY_UNUSABLE",
  "KEY_NOT_FOUND",
  "KEY_DESTROYED",
  "CREDENTIAL_UNUSABLE",
  "DEVICE_NOT_YOURS",
  "DEVICE_UNUSABLE",
]);

let service: TestService;
before(async () => {
  service = await startForTampering();
});
after(() => service.close());

test("keys of two users, of two devices, and of one device cannot be swapped", async () => {
  const user = randomUUID();
  const phone = await Device.of(service, user);
  const tablet = await Device.of(service, user);
  const stranger = await Device.of(service);
  for (const device of [phone, stranger]) await device.submit("setUserPasscode", "correct horse");
  const older = await phone.key();
  service.clock.advance(HOUR);
  await phone.rotate();
  const keys = {
    phone: { device: phone, key: await phone.key() },
    older: { device: phone, key: older },
    tablet: { device: tablet, key: await tablet.key() },
    stranger: { device: stranger, key: await stranger.key() },
  };
  const pairs = [
    [keys.phone, keys.stranger],
    [keys.phone, keys.tablet],
    [keys.phone, keys.older],
  ] as const;
  for (const pair of pairs) {
    const rows = await rowsOf(clientKeys, clientKeys.id, [pair[0].key.keyId, pair[1].key.keyId]);
    const columns = differing(rows);
    for (const needed of ["id", "publicKey", "privateKey", "mac"])
      assert.ok(columns.includes(needed));
    for (const column of columns) {
      await whileSwapped(clientKeys, clientKeys.id, rows, column, async () => {
        for (const { device, key } of pair) {
          const code = codeOf(await verifyPasscode(device, key, "correct horse"));
          assert.ok(CLOSED.has(code!), `${column} swapped: ${code}`);
        }
      });
    }
    for (const { device, key } of pair) {
      assert.equal(
        (await verifyPasscode(device, key, "correct horse")).data?.verifyUserPasscode.verified,
        true,
      );
    }
  }
});

test("devices cannot be swapped", async () => {
  const [mine, theirs] = [await Device.of(service), await Device.of(service)];
  await mine.key();
  service.clock.advance(HOUR);
  await theirs.key();
  const rows = await rowsOf(devices, devices.id, [mine.deviceId, theirs.deviceId]);
  assert.deepEqual(differing(rows), ["id", "userId", "createdAt", "mac"]);
  for (const column of differing(rows)) {
    await whileSwapped(devices, devices.id, rows, column, async () => {
      for (const device of [mine, theirs])
        assert.equal(codeOf(await device.rotate()), "DEVICE_UNUSABLE");
    });
  }
  for (const device of [mine, theirs]) assert.equal((await device.rotate()).errors, undefined);
});

test("credentials of two users cannot be swapped, nor can a lock be given away", async () => {
  const [ada, eve] = [randomUUID(), randomUUID()];
  const [mine, theirs] = [await Device.of(service, ada), await Device.of(service, eve)];
  await mine.submit("setUserPasscode", "correct horse");
  service.clock.advance(HOUR);
  await theirs.submit("setUserPasscode", "battery staple");
  for (let i = 0; i < 4; i++) await theirs.submit("verifyUserPasscode", `wrong ${i}`);
  const rows = await rowsOf(credentials, credentials.userId, [ada, eve]);
  const columns = differing(rows);
  const counts = ["failures", "notBefore", "recentFailures"];
  assert.deepEqual(columns, ["userId", "hash", ...counts, "updatedAt", "revision", "mac"]);
  const [myKey, theirKey] = [await mine.key(), await theirs.key()];
  const trials = [
    () => verifyPasscode(mine, myKey, "correct horse"),
    () => verifyPasscode(mine, myKey, "battery staple"),
    () => verifyPasscode(theirs, theirKey, "battery staple"),
  ];
  for (const column of columns) {
    await whileSwapped(credentials, credentials.userId, rows, column, async () => {
      for (const trial of trials)
        assert.equal(codeOf(await trial()), "CREDENTIAL_UNUSABLE", column);
    });
  }
  assert.equal((await trials[0]!()).data.verifyUserPasscode.verified, true);
});

test("a hash with the right code of another row still matches nothing", async () => {
  // As if the code were forged, too: the hash itself is bound to its user.
  const hasher = service.app.get(Hasher);
  const hash = await hasher.hash("ada", "PASSCODE", "correct horse");
  assert.equal(await hasher.verify(hash, "ada", "PASSCODE", "correct horse"), true);
  assert.equal(await hasher.verify(hash, "eve", "PASSCODE", "correct horse"), false);
  assert.equal(await hasher.verify(hash, "ada", "TRANSACTION_PIN", "correct horse"), false);
});

test("a service whose own secrets were swapped does not start", async () => {
  const rows = await service.database.orm.select().from(serviceSecrets);
  const columns = differing([rows[0]!, rows[1]!]).filter((column) => column !== "createdAt");
  assert.deepEqual(columns, ["id", "purpose", "message"]);
  for (const column of columns) {
    await whileSwapped(
      serviceSecrets,
      serviceSecrets.id,
      [rows[0]!, rows[1]!],
      column,
      async () => {
        const fresh = new ServiceSecrets(service.database, service.app.get(Sealer), service.clock);
        await assert.rejects(fresh.onApplicationBootstrap(), { code: "KEY_UNUSABLE" }, column);
      },
    );
  }
});

/** Replaces two rows by what they would be with one column swapped, then puts them back. */
async function whileSwapped(
  table: PgTable,
  identity: PgColumn,
  rows: [Row, Row],
  column: string,
  check: () => Promise<void>,
): Promise<void> {
  const [first, second] = rows;
  const swapped = [
    { ...first, [column]: second[column] },
    { ...second, [column]: first[column] },
  ];
  await replace(table, identity, swapped);
  try {
    await check();
  } finally {
    await replace(table, identity, rows);
  }
}

/** Foreign keys and the like are no obstacle for whoever edits a database. */
async function replace(table: PgTable, identity: PgColumn, rows: readonly Row[]): Promise<void> {
  await service.database.orm.transaction(async (transaction) => {
    await transaction.execute("SET LOCAL session_replication_role = replica");
    const name = identity.name === "user_id" ? "userId" : "id";
    for (const row of rows) await transaction.delete(table).where(eq(identity, row[name]));
    for (const row of rows) await transaction.insert(table).values(row);
  });
}

/** The columns in which two rows differ. */
function differing([first, second]: [Row, Row]): string[] {
  const text = (value: unknown) => JSON.stringify(value instanceof Uint8Array ? [...value] : value);
  return Object.keys(first).filter((column) => text(first[column]) !== text(second[column]));
}

async function rowsOf(
  table: PgTable,
  column: PgColumn,
  values: [string, string],
): Promise<[Row, Row]> {
  const rows = await Promise.all(
    values.map((value) => service.database.orm.select().from(table).where(eq(column, value))),
  );
  return [rows[0]![0]!, rows[1]![0]!];
}
