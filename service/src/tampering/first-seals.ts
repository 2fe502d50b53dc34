import { asc, eq, gt, sql } from "drizzle-orm";
import { credentialCode, isCredentialIntact } from "../credentials/credential.js";
import type { Database, Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { credentials, userSeals } from "../database/schema/credentials.js";
import { devices } from "../database/schema/keys.js";
import type { Integrity } from "../envelope/integrity.js";
import { deviceCode, isDeviceIntact, isFormerDeviceIntact } from "../keys/device.js";
import { ALL_USERS, REVISION_OF, sealCode } from "./user-seals.js";

const BATCH = 500;

/**
 * Seals the users of a database that was written before there were seals, once among all instances.
 * Afterwards a user without one was tampered with.
 */
export async function makeFirstSeals(database: Database, integrity: Integrity): Promise<void> {
  await database.background.transaction(async (transaction) => {
    await lockNames(transaction, ["first-seals"]);
    const [done] = await transaction
      .select({ userId: userSeals.userId })
      .from(userSeals)
      .where(eq(userSeals.userId, ALL_USERS));
    if (done) return;
    const [signed] = await transaction
      .select({ userId: credentials.userId })
      .from(credentials)
      .where(gt(credentials.revision, 0))
      .limit(1);
    if (signed) throw sealsDeleted();
    await signDevicesAnew(transaction, integrity);
    const members = await sealUsers(transaction, integrity);
    const all = { userId: ALL_USERS, passcodeRevision: 0, pinRevision: 0, members };
    await transaction.insert(userSeals).values({ ...all, mac: await sealCode(integrity, all) });
  });
}

/** The codes of devices cover more than they did; one that was changed keeps a wrong code. */
async function signDevicesAnew(transaction: Transaction, integrity: Integrity): Promise<void> {
  for (let after = ""; ;) {
    const rows = await transaction
      .select()
      .from(devices)
      .where(gt(devices.id, after))
      .orderBy(asc(devices.id))
      .limit(BATCH);
    for (const row of rows) {
      // Since there are seals, devices are signed as a whole.
      if (await isDeviceIntact(integrity, row)) throw sealsDeleted();
      if (!(await isFormerDeviceIntact(integrity, row))) continue;
      const mac = await deviceCode(integrity, row);
      await transaction.update(devices).set({ mac }).where(eq(devices.id, row.id));
    }
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}

/** @returns how many users there are. */
async function sealUsers(transaction: Transaction, integrity: Integrity): Promise<number> {
  for (let after = "", users = 0; ;) {
    const query = sql`SELECT user_id, sum(devices)::int AS devices FROM (
        SELECT user_id, 1 AS devices FROM devices WHERE user_id > ${after}
        UNION ALL SELECT user_id, 0 FROM credentials WHERE user_id > ${after}
      ) AS known GROUP BY user_id ORDER BY user_id LIMIT ${BATCH}`;
    const { rows } = (await transaction.execute(query)) as unknown as {
      rows: { user_id: string; devices: number }[];
    };
    for (const { user_id: userId, devices: members } of rows) {
      const seal = { userId, passcodeRevision: 0, pinRevision: 0, members };
      for (const row of await transaction
        .select()
        .from(credentials)
        .where(eq(credentials.userId, userId))) {
        seal[REVISION_OF[row.kind]] = 1;
        const first = { ...row, revision: 1 };
        const intact = await isCredentialIntact(integrity, row);
        const mac = intact ? await credentialCode(integrity, first) : row.mac;
        const same = sql`${credentials.userId} = ${userId} AND ${credentials.kind} = ${row.kind}`;
        await transaction.update(credentials).set({ revision: 1, mac }).where(same);
      }
      await transaction.insert(userSeals).values({ ...seal, mac: await sealCode(integrity, seal) });
    }
    users += rows.length;
    const last = rows.at(-1);
    if (!last) return users;
    after = last.user_id;
  }
}

function sealsDeleted(): Error {
  return new Error("the seals of users were deleted from user_seals: restore that table");
}
