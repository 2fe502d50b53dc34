import { sql } from "drizzle-orm";
import {
  bigint,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
} from "drizzle-orm/pg-core";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** Who did what, and how it ended: rows are added, and deleted when they are too old, but never changed. */
export const auditLog = pgTable(
  "audit_log",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    recordedAt: time("recorded_at").notNull(),
    /** What the answer's header x-request-id said. */
    requestId: text("request_id"),
    operation: text().notNull(),
    outcome: text({ enum: ["success", "failure"] }).notNull(),
    /** The error's code, for a failure. */
    code: text(),
    durationMs: doublePrecision("duration_ms").notNull(),
    keyId: text("key_id"),
    deviceId: text("device_id"),
    userId: text("user_id"),
    /** Whose affairs it was, where that is another user: what administrators do. */
    subjectId: text("subject_id"),
    /** The claim `jti` of the receipt that was given. */
    receiptId: text("receipt_id"),
    /** How many operations alike this row stands for, where a user did very many. */
    times: integer().notNull().default(1),
  },
  (table) => [
    index("audit_log_time").on(table.recordedAt),
    index("audit_log_key")
      .on(table.keyId, table.recordedAt)
      .where(sql`${table.keyId} is not null`),
    index("audit_log_device")
      .on(table.deviceId, table.recordedAt)
      .where(sql`${table.deviceId} is not null`),
    index("audit_log_user").on(table.userId, table.recordedAt),
    index("audit_log_subject")
      .on(table.subjectId, table.recordedAt)
      .where(sql`${table.subjectId} is not null`),
    index("audit_log_receipt")
      .on(table.receiptId)
      .where(sql`${table.receiptId} is not null`),
    index("audit_log_request")
      .on(table.requestId)
      .where(sql`${table.requestId} is not null`),
    index("audit_log_code")
      .on(table.code, table.recordedAt)
      .where(sql`${table.code} is not null`),
    index("audit_log_operation").on(table.operation, table.recordedAt),
  ],
);

/** How many operations there were in each minute, 5 minutes, hour and day (`step` is its length in minutes). */
export const metricCounts = pgTable(
  "metric_counts",
  {
    step: smallint().notNull(),
    at: time("at").notNull(),
    operation: text().notNull(),
    /** The error's code; empty for a success. */
    code: text().notNull(),
    count: bigint({ mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.step, table.at, table.operation, table.code] })],
);

/** How long operations took, likewise. */
export const metricDurations = pgTable(
  "metric_durations",
  {
    step: smallint().notNull(),
    at: time("at").notNull(),
    operation: text().notNull(),
    /** How many there were in each bucket of durations, by its number; in one row, so that a summary reads few. */
    counts: jsonb().$type<Readonly<Record<number, number>>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.step, table.at, table.operation] })],
);

/** How often each key has decrypted, and when last. */
export const keyUsage = pgTable(
  "key_usage",
  {
    keyId: text("key_id").primaryKey(),
    deviceId: text("device_id").notNull(),
    userId: text("user_id").notNull(),
    usageCount: bigint("usage_count", { mode: "number" }).notNull(),
    failureCount: bigint("failure_count", { mode: "number" }).notNull(),
    /** When it last decrypted. */
    lastUsed: time("last_used"),
    /** When its device last did anything with it. */
    seenAt: time("seen_at").notNull(),
  },
  (table) => [
    index("key_usage_device").on(table.deviceId),
    index("key_usage_user").on(table.userId),
    index("key_usage_seen").on(table.seenAt, table.deviceId),
  ],
);

/** The same by hour, for as long as patterns and problems are looked for. */
export const keyHours = pgTable(
  "key_hours",
  {
    keyId: text("key_id").notNull(),
    at: time("at").notNull(),
    deviceId: text("device_id").notNull(),
    usageCount: integer("usage_count").notNull(),
    failureCount: integer("failure_count").notNull(),
    lastFailureAt: time("last_failure_at"),
  },
  (table) => [
    primaryKey({ columns: [table.keyId, table.at] }),
    index("key_hours_device").on(table.deviceId, table.at),
    index("key_hours_time").on(table.at),
    index("key_hours_failures")
      .on(table.at)
      .where(sql`${table.failureCount} > 0`),
  ],
);
