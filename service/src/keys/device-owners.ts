import { randomUUID } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { and, asc, eq } from "drizzle-orm";
import type { Caller } from "../auth/caller.js";
import { Clock } from "../common/clock.js";
import { ServiceError } from "../common/service-error.js";
import { Database, type Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { clientKeys, devices } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";
import { RegistrationLimits } from "../limits/registration-limits.js";
import { Log } from "../logging/log.js";
import { isDeviceIntact, type Device } from "./device.js";
import { Devices } from "./devices.js";
import { KeyStore } from "./key-store.js";

const MOST_LISTED = 1000;

/** What owners and administrators do with devices. */
@Injectable()
export class DeviceOwners {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly integrity: Integrity,
    private readonly devices: Devices,
    private readonly limits: RegistrationLimits,
    private readonly store: KeyStore,
    private readonly log: Log,
  ) {}

  /**
   * A device whose id nobody can have guessed, since it is chosen here.
   *
   * @throws {ServiceError} `DEVICE_LIMIT_REACHED`.
   */
  register({ userId }: Caller, appVersion: string): Promise<Device> {
    const deviceId = randomUUID();
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${deviceId}`, `user:${userId}`]);
      const now = this.clock.now();
      await this.limits.take(transaction, { deviceId, userId }, now);
      return this.devices.insert(transaction, { deviceId, userId, appVersion }, now);
    });
  }

  /** @returns undefined if nobody ever had it. */
  async find(deviceId: string): Promise<Device | undefined> {
    const [device] = await this.database.orm.select().from(devices).where(eq(devices.id, deviceId));
    return device;
  }

  list(userId: string): Promise<Device[]> {
    return this.database.orm
      .select()
      .from(devices)
      .where(eq(devices.userId, userId))
      .orderBy(asc(devices.createdAt), asc(devices.id))
      .limit(MOST_LISTED);
  }

  /** For a device that was lost: its keys are of no more use, nor does it get others. */
  revoke(caller: Caller, deviceId: string): Promise<Device> {
    return this.change(caller, deviceId, "revoked", (transaction, device, now) =>
      this.devices.update(transaction, device, { revokedAt: device.revokedAt ?? now }),
    );
  }

  /** For a device that changes hands: it belongs to whoever next asks for a key with its id. */
  release(caller: Caller, deviceId: string): Promise<Device> {
    return this.change(caller, deviceId, "released", (transaction, device, now) =>
      this.devices.update(transaction, device, { releasedAt: now }),
    );
  }

  /** The same for one other user, and for nobody else. */
  transfer(caller: Caller, deviceId: string, userId: string): Promise<Device> {
    return this.change(caller, deviceId, "transferred", (transaction, device) =>
      this.devices.giveTo(transaction, device, userId),
    );
  }

  private change(
    caller: Caller,
    deviceId: string,
    done: string,
    work: (transaction: Transaction, device: Device, now: Date) => Promise<Device>,
  ): Promise<Device> {
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${deviceId}`]);
      const [device] = await transaction.select().from(devices).where(eq(devices.id, deviceId));
      const mayChange = device?.userId === caller.userId || caller.roles.has("admin");
      // A foreign device and one that does not exist look the same.
      if (!device || !mayChange) {
        throw new ServiceError("DEVICE_NOT_FOUND", "You have no such device.");
      }
      if (!(await isDeviceIntact(this.integrity, device))) {
        throw new ServiceError("DEVICE_UNUSABLE", "The stored device cannot be used.");
      }
      const now = this.clock.now();
      await this.retireKeys(transaction, deviceId, now);
      const changed = await work(transaction, device, now);
      this.log.warn({ by: caller.userId, userId: device.userId, deviceId }, `a device was ${done}`);
      return changed;
    });
  }

  /** What its owner encrypted before still decrypts, unless the device is revoked. */
  private async retireKeys(transaction: Transaction, deviceId: string, now: Date): Promise<void> {
    const active = and(eq(clientKeys.deviceId, deviceId), eq(clientKeys.state, "active"));
    for (const key of await transaction.select().from(clientKeys).where(active).for("update")) {
      const retiredAt = now < key.expiresAt ? now : key.expiresAt;
      await this.store.change(transaction, key, { state: "decrypt-only", retiredAt });
    }
  }
}
