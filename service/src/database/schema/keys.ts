import { sql } from "drizzle-orm";
import {
  customType,
  index,
  integer,
  pgTable,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

/** A device belongs to the user who registered it, until it is given away. */
export const devices = pgTable(
  "devices",
  {
    id: text().primaryKey(),
    userId: text("user_id").notNull(),
    appVersion: text("app_version").notNull(),
    createdAt: time("created_at").notNull(),
    mac: text().notNull(),
    revokedAt: time("revoked_at"),
    releasedAt: time("released_at"),
  },
  (table) => [index("devices_user").on(table.userId)],
);

/** The keys of devices; `privateKey` is an Encryption SDK message, and gone some days after it was destroyed. */
export const clientKeys = pgTable(
  "client_keys",
  {
    id: text().primaryKey(),
    deviceId: text("device_id")
      .notNull()
      .references(() => devices.id),
    userId: text("user_id").notNull(),
    algorithm: text().notNull(),
    bits: integer().notNull(),
    publicKey: text("public_key").notNull(),
    privateKey: bytes("private_key"),
    state: text({ enum: ["active", "decrypt-only", "destroyed"] }).notNull(),
    createdAt: time("created_at").notNull(),
    expiresAt: time("expires_at").notNull(),
    retiredAt: time("retired_at"),
    destroyedAt: time("destroyed_at"),
    mac: text().notNull(),
  },
  (table) => [
    uniqueIndex("client_keys_one_active")
      .on(table.deviceId)
      .where(sql`${table.state} = 'active'`),
    index("client_keys_expiry").on(table.state, table.expiresAt),
    index("client_keys_retirement").on(table.state, table.retiredAt),
    index("client_keys_grace")
      .on(table.destroyedAt)
      .where(sql`${table.state} = 'destroyed' and ${table.privateKey} is not null`),
  ],
);

/** What the limits count: each making of a key, from the moment it is allowed. */
export const keyGenerations = pgTable(
  "key_generations",
  {
    id: text().primaryKey(),
    deviceId: text("device_id").notNull(),
    userId: text("user_id").notNull(),
    address: text().notNull(),
    requestedAt: time("requested_at").notNull(),
    keyId: text("key_id"),
    /** Moved on by whoever makes the key, as long as that instance lives. */
    aliveUntil: time("alive_until").notNull().defaultNow(),
  },
  (table) => [
    index("key_generations_device").on(table.deviceId, table.requestedAt),
    index("key_generations_user").on(table.userId, table.requestedAt),
    index("key_generations_address").on(table.address, table.requestedAt),
    index("key_generations_time").on(table.requestedAt),
  ],
);

/** What the limit counts: each device that a user registered, whoever has it now. */
export const deviceRegistrations = pgTable(
  "device_registrations",
  {
    id: text().primaryKey(),
    userId: text("user_id").notNull(),
    registeredAt: time("registered_at").notNull(),
  },
  (table) => [
    index("device_registrations_user").on(table.userId, table.registeredAt),
    index("device_registrations_time").on(table.registeredAt),
  ],
);

/** Secrets of the service itself, each an Encryption SDK message; of each purpose the newest is used. */
export const serviceSecrets = pgTable(
  "service_secrets",
  {
    id: text().primaryKey(),
    purpose: text({ enum: ["pepper", "integrity", "receipt"] }).notNull(),
    version: integer().notNull().default(1),
    message: bytes().notNull(),
    createdAt: time("created_at").notNull(),
  },
  (table) => [unique("service_secrets_version").on(table.purpose, table.version)],
);
