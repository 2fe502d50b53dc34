import { and, asc, desc, eq, gt, or } from "drizzle-orm";
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

const signedDevices: SignedTable<Device> = {
  name: "devices",
  idOf: ({ id }) => id,
  read: (orm, after, count) =>
    orm
      .select()
      .from(devices)
      .where(after && gt(devices.id, after.id))
      .orderBy(asc(devices.id))
      .limit(count),
  latest: (orm, count) => orm.select().from(devices).orderBy(desc(devices.createdAt)).limit(count),
  isIntact: isDeviceIntact,
  code: deviceCode,
  async replaceCode(orm, { id, mac: old }, mac) {
    await orm
      .update(devices)
      .set({ mac })
      .where(and(eq(devices.id, id), eq(devices.mac, old)));
  },
};

const signedKeys: SignedTable<ClientKey> = {
  name: "client_keys",
  idOf: ({ id }) => id,
  read: (orm, after, count) =>
    orm
      .select()
      .from(clientKeys)
      .where(after && gt(clientKeys.id, after.id))
      .orderBy(asc(clientKeys.id))
      .limit(count),
  // Their ids sort by time.
  latest: (orm, count) => orm.select().from(clientKeys).orderBy(desc(clientKeys.id)).limit(count),
  isIntact,
  code: keyCode,
  async replaceCode(orm, { id, mac: old }, mac) {
    await orm
      .update(clientKeys)
      .set({ mac })
      .where(and(eq(clientKeys.id, id), eq(clientKeys.mac, old)));
  },
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
  idOf: ({ userId }) => userId,
  read: (orm, after, count) =>
    orm
      .select()
      .from(userSeals)
      .where(after && gt(userSeals.userId, after.userId))
      .orderBy(asc(userSeals.userId))
      .limit(count),
  latest: async () => [],
  isIntact: isSealIntact,
  code: sealCode,
  async replaceCode(orm, { userId, mac: old }, mac) {
    await orm
      .update(userSeals)
      .set({ mac })
      .where(and(eq(userSeals.userId, userId), eq(userSeals.mac, old)));
  },
};

/** All rows that are guarded by codes. */
export const SIGNED_TABLES: readonly SignedTable[] = [
  signedDevices,
  signedKeys,
  signedCredentials,
  signedSeals,
];
