import { sql } from "drizzle-orm";
import { bigint, doublePrecision, index, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** One row for each operation on a key or a credential: how it ended, and how long it took. */
export const operationMetrics = pgTable(
  "operation_metrics",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    recordedAt: timestamp("recorded_at", { withTimezone: true, mode: "date" }).notNull(),
    operation: text().notNull(),
    outcome: text({ enum: ["success", "failure"] }).notNull(),
    /** The error's code, for a failure. */
    reason: text(),
    durationMs: doublePrecision("duration_ms").notNull(),
    keyId: text("key_id"),
    deviceId: text("device_id"),
    userId: text("user_id"),
  },
  (table) => [
    index("operation_metrics_time").on(table.recordedAt),
    index("operation_metrics_decrypts")
      .on(table.keyId, table.recordedAt)
      .where(sql`${table.operation} = 'decrypt' and ${table.keyId} is not null`),
  ],
);
