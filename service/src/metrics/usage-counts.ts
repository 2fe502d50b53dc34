import { sql } from "drizzle-orm";
import type { Drizzle } from "../database/database.js";
import { keyHours, keyUsage } from "../database/schema/metrics.js";
import type { MetricEntry } from "./metric-entry.js";
import { floorTo } from "./steps.js";

type KeyUsage = typeof keyUsage.$inferInsert;
type KeyHour = typeof keyHours.$inferInsert;

/** The fault of the key service or the database, not of the key. */
const NOT_OF_THE_KEY = new Set(["KMS_UNAVAILABLE", "DATABASE_UNAVAILABLE"]);

/** Adds entries to the usage of their keys; in the transaction that writes them. */
export async function addToUsage(orm: Drizzle, entries: readonly MetricEntry[]): Promise<void> {
  const usage = new Map<string, KeyUsage>();
  const hours = new Map<string, KeyHour>();
  for (const { row } of entries) addEntry(row, usage, hours);
  if (usage.size > 0) await addUsage(orm, sortedValues(usage));
  if (hours.size > 0) await addHours(orm, sortedValues(hours));
}

function addEntry(
  { keyId, deviceId, userId, operation, code, times, recordedAt }: MetricEntry["row"],
  usage: Map<string, KeyUsage>,
  hours: Map<string, KeyHour>,
): void {
  // What callers only say is not counted: a key belongs to a device and a user for sure.
  if (!keyId || !deviceId || !userId) return;
  const decrypted = operation === "decrypt" && !code ? times : 0;
  const failed = operation === "decrypt" && code && !NOT_OF_THE_KEY.has(code) ? times : 0;
  const known = usage.get(keyId);
  const lastUsed = decrypted ? recordedAt : (known?.lastUsed ?? null);
  usage.set(keyId, {
    keyId,
    deviceId,
    userId,
    usageCount: (known?.usageCount ?? 0) + decrypted,
    failureCount: (known?.failureCount ?? 0) + failed,
    lastUsed,
    seenAt: recordedAt,
  });
  if (decrypted + failed === 0) return;
  const at = floorTo(recordedAt, 60);
  const hour = hours.get(`${keyId} ${at.getTime()}`);
  hours.set(`${keyId} ${at.getTime()}`, {
    keyId,
    at,
    deviceId,
    usageCount: (hour?.usageCount ?? 0) + decrypted,
    failureCount: (hour?.failureCount ?? 0) + failed,
    lastFailureAt: failed ? recordedAt : (hour?.lastFailureAt ?? null),
  });
}

async function addUsage(orm: Drizzle, rows: KeyUsage[]): Promise<void> {
  const { keyId, usageCount, failureCount, lastUsed, seenAt } = keyUsage;
  await orm
    .insert(keyUsage)
    .values(rows)
    .onConflictDoUpdate({
      target: keyId,
      set: {
        usageCount: sql`${usageCount} + excluded.usage_count`,
        failureCount: sql`${failureCount} + excluded.failure_count`,
        lastUsed: sql`greatest(${lastUsed}, excluded.last_used)`,
        seenAt: sql`greatest(${seenAt}, excluded.seen_at)`,
      },
    });
}

async function addHours(orm: Drizzle, rows: KeyHour[]): Promise<void> {
  const { keyId, at, usageCount, failureCount, lastFailureAt } = keyHours;
  await orm
    .insert(keyHours)
    .values(rows)
    .onConflictDoUpdate({
      target: [keyId, at],
      set: {
        usageCount: sql`${usageCount} + excluded.usage_count`,
        failureCount: sql`${failureCount} + excluded.failure_count`,
        lastFailureAt: sql`greatest(${lastFailureAt}, excluded.last_failure_at)`,
      },
    });
}

/** In one order for all, so that no two writers wait for each other. */
function sortedValues<Row>(rows: Map<string, Row>): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
