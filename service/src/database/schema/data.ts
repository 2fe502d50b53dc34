import { customType, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";

const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

/** Data of users, each an Encryption SDK message: it lives on when the device's key has ended. */
export const storedData = pgTable(
  "stored_data",
  {
    id: text().primaryKey(),
    userId: text("user_id").notNull(),
    name: text().notNull(),
    message: bytes().notNull(),
    storedAt: timestamp("stored_at", { withTimezone: true, mode: "date" }).notNull(),
  },
  (table) => [uniqueIndex("stored_data_name").on(table.userId, table.name)],
);
