import { Injectable } from "@nestjs/common";
import { and, eq } from "drizzle-orm";
import { ServiceError } from "../common/service-error.js";
import { Database, type Drizzle } from "../database/database.js";
import { clientKeys } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";
import {
  isActive,
  isIntact,
  keyCode,
  type ClientKey,
  type UnsignedClientKey,
} from "./client-key.js";

const KEY_ID = /^[0-9a-f-]{36}$/;

/** The rows of the keys; what was edited in the database does not come out. */
@Injectable()
export class KeyStore {
  constructor(
    private readonly database: Database,
    private readonly integrity: Integrity,
  ) {}

  /** The key that the device may encrypt with now. */
  async activeOf(
    deviceId: string,
    now: Date,
    at: Drizzle = this.database.orm,
  ): Promise<ClientKey | undefined> {
    const [key] = await at
      .select()
      .from(clientKeys)
      .where(and(eq(clientKeys.deviceId, deviceId), eq(clientKeys.state, "active")));
    if (!key || !isActive(key, now)) return undefined;
    return this.checked(key);
  }

  /** @throws {ServiceError} `KEY_NOT_FOUND`, also if it is another user's; `KEY_UNUSABLE`. */
  async ownedBy(userId: string, keyId: string): Promise<ClientKey> {
    const [key] = KEY_ID.test(keyId)
      ? await this.database.orm.select().from(clientKeys).where(eq(clientKeys.id, keyId))
      : [];
    if (!key || key.userId !== userId) {
      throw new ServiceError("KEY_NOT_FOUND", "You have no such key; ask for one.");
    }
    return this.checked(key);
  }

  /** Makes a key the active one of its device, in a transaction that holds the device's lock. */
  async publish(transaction: Drizzle, key: UnsignedClientKey, now: Date): Promise<void> {
    await this.retireActive(transaction, key.deviceId, now);
    await transaction
      .insert(clientKeys)
      .values({ ...key, mac: await keyCode(this.integrity, key) });
  }

  /** Leaves a device no key to encrypt with, in a transaction that holds the device's lock. */
  async retireActive(transaction: Drizzle, deviceId: string, now: Date): Promise<void> {
    const active = and(eq(clientKeys.deviceId, deviceId), eq(clientKeys.state, "active"));
    // The daily task may be at it, too.
    for (const key of await transaction.select().from(clientKeys).where(active).for("update")) {
      const retiredAt = now < key.expiresAt ? now : key.expiresAt;
      await this.change(transaction, key, { state: "decrypt-only", retiredAt });
    }
  }

  /**
   * Changes a row with its code. One whose code was wrong before keeps a wrong one.
   *
   * @returns whether it was intact.
   */
  async change(
    transaction: Drizzle,
    key: ClientKey,
    change: Partial<Pick<ClientKey, "state" | "retiredAt" | "destroyedAt" | "privateKey">>,
  ): Promise<boolean> {
    const intact = await isIntact(this.integrity, key);
    const mac = intact ? await keyCode(this.integrity, { ...key, ...change }) : key.mac;
    await transaction
      .update(clientKeys)
      .set({ ...change, mac })
      .where(eq(clientKeys.id, key.id));
    return intact;
  }

  private async checked(key: ClientKey): Promise<ClientKey> {
    if (await isIntact(this.integrity, key)) return key;
    throw new ServiceError("KEY_UNUSABLE", "The stored key cannot be used; rotate it.");
  }
}
