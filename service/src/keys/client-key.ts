import { DAY, later } from "../common/durations.js";
import type { clientKeys } from "../database/schema/keys.js";
import type { Integrity } from "../envelope/integrity.js";

export type ClientKey = typeof clientKeys.$inferSelect;
export type UnsignedClientKey = Omit<ClientKey, "mac">;

/** What binds the message of a private key to its row. */
export function keyContext({
  id,
  deviceId,
  userId,
}: Pick<ClientKey, "id" | "deviceId" | "userId">) {
  return { type: "client-encryption-key", keyId: id, deviceId, userId };
}

/** The code over everything of a row but the private key, whose message has its own. */
export function keyCode(integrity: Integrity, key: UnsignedClientKey): Promise<string> {
  return integrity.code("client_keys", fieldsOf(key));
}

export function isIntact(integrity: Integrity, key: ClientKey): Promise<boolean> {
  return integrity.matches(key.mac, "client_keys", fieldsOf(key));
}

function fieldsOf(key: UnsignedClientKey) {
  return [
    key.id,
    key.deviceId,
    key.userId,
    key.algorithm,
    key.bits,
    key.publicKey,
    key.state,
    key.createdAt,
    key.expiresAt,
    key.retiredAt,
    key.destroyedAt,
  ];
}

/** Whether clients may encrypt with it. */
export function isActive(key: ClientKey, now: Date): boolean {
  return key.state === "active" && now < key.expiresAt;
}

/** From when on it decrypts no more, whether or not the daily task has been there. */
export function decryptsUntil(key: ClientKey, decryptOnlyDays: number): Date {
  return later(key.retiredAt ?? key.expiresAt, decryptOnlyDays * DAY);
}
