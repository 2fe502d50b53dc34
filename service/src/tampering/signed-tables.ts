import { and, asc, desc, eq, gt, or } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { credentialCode, isCredentialIntact, type Credential } from "../credentials/credential.js";
import type { Drizzle } from "../database/database.js";
import { credentials, userSeals } from "../database/schema/credentials.js";
import { clientKeys, devices } from "../database/schema/keys.js";
import type { Integrity } from "../envelope/integrity.js";
import { isIntact, keyCode, type ClientKey } from "../keys/client-key.js";
import { deviceCode, isDeviceIntact, type Device } from "../keys/device.js";
import { isSealIntact, sealCode, type UserSeal } from "./user-seals.js";

/** A table whose rows have codes. */
export interface SignedTable<Row extends { mac: string } = any> {
  readonly name: string;
  /** What an operator finds the row by. */
  idOf(row: Row): string;
  /** The rows after one, in the order of their ids. */
  read(orm: Drizzle, after: Row | undefined, count: number): Promise<Row[]>;
  /** The rows that were written last. */
  latest(orm: Drizzle, count: number): Promise<Row[]>;
  isIntact(integrity: Integrity, row: Row): Promise<boolean>;
  code(integrity: Integrity, row: Row): Promise<string>;
  /** Puts another code in place of the old one; nothing if the row has changed since. */
  replaceCode(orm: Drizzle, row: Row, mac: string): Promise<void>;
}

/** Reads and signs the rows of a table that one column identifies. */
function rowsBy<Row extends { mac: string }>(
  id: PgColumn,
  idOf: (row: Row) => string,
): Pick<SignedTable<Row>, "idOf" | "read" | "replaceCode"> {
  const table = id.table as PgTable & { mac: PgColumn };
  return {
    idOf,
    async read(orm, after, count) {
      const rows = orm
        .select()
        .from(table as PgTable)
        .where(after && gt(id, idOf(after)))
        .orderBy(asc(id))
        .limit(count);
      return (await rows) as unknown as Row[];
    },
    async replaceCode(orm, row, mac) {
      await orm
        .update(table as PgTable)
        .set({ mac })
        .where(and(eq(id, idOf(row)), eq(table.mac, row.mac)));
    },
  };
}

const signedDevices: SignedTable<Device> = {
  name: "devices",
  ...rowsBy<Device>(devices.id, ({ id }) => id),
  latest: (orm, count) => orm.select().from(devices).orderBy(desc(devices.createdAt)).limit(count),
  isIntact: isDeviceIntact,
  code: deviceCode,
};

const signedKeys: SignedTable<ClientKey> = {
  name: "client_keys",
  ...rowsBy<ClientKey>(clientKeys.id, ({ id }) => id),
  // Their ids sort by time.
  latest: (orm, count) => orm.select().from(clientKeys).orderBy(desc(clientKeys.id)).limit(count),
  isIntact,
  code: keyCode,
};

const signedCredentials: SignedTable<Credential> = {
  name: "credentials",
  idOf: ({ userId, kind }) => `${userId} ${kind}`,
  read: (orm, after, count) =>
    orm
      .select()
      .from(credentials)
      .where(
        after &&
          or(
            gt(credentials.userId, after.userId),
            and(eq(credentials.userId, after.userId), gt(credentials.kind, after.kind)),
          ),
      )
      .orderBy(asc(credentials.userId), asc(credentials.kind))
      .limit(count),
  latest: (orm, count) =>
    orm.select().from(credentials).orderBy(desc(credentials.updatedAt)).limit(count),
  isIntact: isCredentialIntact,
  code: credentialCode,
  async replaceCode(orm, { userId, kind, mac: old }, mac) {
    const same = and(eq(credentials.userId, userId), eq(credentials.kind, kind));
    await orm
      .update(credentials)
      .set({ mac })
      .where(and(same, eq(credentials.mac, old)));
  },
};

const signedSeals: SignedTable<UserSeal> = {
  name: "user_seals",
  ...rowsBy<UserSeal>(userSeals.userId, ({ userId }) => userId),
  latest: async () => [],
  isIntact: isSealIntact,
  code: sealCode,
};

/** All rows that are guarded by codes. */
export const SIGNED_TABLES: readonly SignedTable[] = [
  signedDevices,
  signedKeys,
  signedCredentials,
  signedSeals,
];
