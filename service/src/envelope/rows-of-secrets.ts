import { isNotNull } from "drizzle-orm";
import type { Drizzle } from "../database/database.js";
import { credentials } from "../database/schema/credentials.js";
import { devices } from "../database/schema/keys.js";
import type { SecretPurpose } from "./secret-purposes.js";

/** Whether there are rows that a secret of this purpose must have been there for. */
export async function rowsNeed(purpose: SecretPurpose, at: Drizzle): Promise<boolean> {
  // Receipts are not stored.
  if (purpose === "receipt") return false;
  const hashed = at
    .select({ id: credentials.userId })
    .from(credentials)
    .where(isNotNull(credentials.hash));
  if (purpose === "pepper") return (await hashed.limit(1)).length > 0;
  // Every key belongs to a device.
  const signed = await at.select({ id: devices.id }).from(devices).limit(1);
  if (signed.length > 0) return true;
  return (await at.select({ id: credentials.userId }).from(credentials).limit(1)).length > 0;
}
