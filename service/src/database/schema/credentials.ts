import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** A user's passcode or PIN, as a hash; without one, the failed attempts alone. */
export const credentials = pgTable(
  "credentials",
  {
    userId: text("user_id").notNull(),
    kind: text({ enum: ["PASSCODE", "TRANSACTION_PIN"] }).notNull(),
    hash: text(),
    pepperId: text("pepper_id"),
    failures: integer().notNull(),
    notBefore: time("not_before"),
    /** When the latest failures were, in milliseconds since 1970, whatever succeeded between them. */
    recentFailures: jsonb("recent_failures").$type<readonly number[]>().notNull().default([]),
    updatedAt: time("updated_at").notNull(),
    /** One more with each change; the user's seal says which one must be there. */
    revision: integer().notNull().default(0),
    mac: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.kind] }),
    // Few rows are locked: that is what the dashboard counts.
    index("credentials_locked")
      .on(table.notBefore)
      .where(sql`${table.notBefore} is not null`),
  ],
);

/** What each user must have: devices (of the seal of all: users), and revisions of credentials. */
export const userSeals = pgTable("user_seals", {
  userId: text("user_id").primaryKey(),
  passcodeRevision: integer("passcode_revision").notNull(),
  pinRevision: integer("pin_revision").notNull(),
  members: integer().notNull(),
  mac: text().notNull(),
});

/** The payloads that have been accepted, until they would be too old anyway. */
export const usedPayloads = pgTable(
  "used_payloads",
  { id: text().primaryKey(), expiresAt: time("expires_at").notNull() },
  (table) => [index("used_payloads_expiry").on(table.expiresAt)],
);
