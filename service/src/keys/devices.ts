import { Injectable } from "@nestjs/common";
import { eq } from "drizzle-orm";
import type { Caller } from "../auth/caller.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import type { Drizzle, Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { devices } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";
import { UserSeals } from "../tampering/user-seals.js";
import { deviceCode, isDeviceIntact, type Device } from "./device.js";

export interface DeviceClaim {
  readonly deviceId: string;
  readonly userId: string;
  readonly appVersion: string;
}

type Change = Partial<Pick<Device, "userId" | "appVersion" | "revokedAt" | "releasedAt">>;

/** Devices, each of which belongs to the user who registered it, until it is given away. */
@Injectable()
export class Devices {
  constructor(
    private readonly config: Config,
    private readonly integrity: Integrity,
    private readonly seals: UserSeals,
  ) {}

  /**
   * Checks whose the device is, and takes one that is free; in a transaction that holds its lock.
   *
   * @throws {ServiceError} `DEVICE_NOT_REGISTERED`, `DEVICE_NOT_YOURS`, `DEVICE_REVOKED`, `DEVICE_UNUSABLE`.
   */
  async claim(transaction: Transaction, claim: DeviceClaim, now: Date): Promise<void> {
    const { deviceId, userId, appVersion } = claim;
    const device = await this.find(transaction, deviceId);
    if (!device) {
      if (this.config.DEVICE_REGISTRATION === "required") {
        throw new ServiceError("DEVICE_NOT_REGISTERED", "Register the device, and use its new id.");
      }
      await this.insert(transaction, claim, now);
      return;
    }
    if (device.revokedAt) throw revoked();
    if (device.releasedAt) {
      const taken = await this.giveTo(transaction, device, userId);
      await this.update(transaction, taken, { appVersion });
    } else if (device.userId !== userId) {
      throw new ServiceError("DEVICE_NOT_YOURS", "This device id belongs to another user.");
    } else if (device.appVersion !== appVersion) {
      await this.update(transaction, device, { appVersion });
    }
  }

  /** @throws {ServiceError} `DEVICE_REVOKED`, `DEVICE_UNUSABLE`. */
  async checkNotRevoked(orm: Drizzle, deviceId: string): Promise<void> {
    if ((await this.find(orm, deviceId))?.revokedAt) throw revoked();
  }

  /**
   * The device, if it is the caller's; an administrator may change any.
   *
   * @throws {ServiceError} `DEVICE_NOT_FOUND`, also if it is another user's; `DEVICE_UNUSABLE`.
   */
  async changeableBy(transaction: Transaction, caller: Caller, id: string): Promise<Device> {
    const [device] = await transaction.select().from(devices).where(eq(devices.id, id));
    const mayChange = device?.userId === caller.userId || caller.roles.has("admin");
    if (!device || !mayChange) {
      throw new ServiceError("DEVICE_NOT_FOUND", "You have no such device.");
    }
    return this.checked(device);
  }

  async insert(transaction: Transaction, claim: DeviceClaim, now: Date): Promise<Device> {
    const { deviceId: id, userId, appVersion } = claim;
    const unsigned = { id, userId, appVersion, createdAt: now, revokedAt: null, releasedAt: null };
    const device = { ...unsigned, mac: await deviceCode(this.integrity, unsigned) };
    await transaction.insert(devices).values(device);
    await this.seals.change(transaction, userId, ({ members }) => ({ members: members + 1 }));
    return device;
  }

  async update(transaction: Transaction, device: Device, change: Change): Promise<Device> {
    const unsigned = { ...device, ...change };
    const changed = { ...unsigned, mac: await deviceCode(this.integrity, unsigned) };
    await transaction.update(devices).set(changed).where(eq(devices.id, device.id));
    return changed;
  }

  /** Makes it the device of a user, whoever had it before. */
  async giveTo(transaction: Transaction, device: Device, userId: string): Promise<Device> {
    const users = [...new Set([device.userId, userId])];
    // Both at once, in one order for everybody.
    await lockNames(
      transaction,
      users.map((user) => `seal:${user}`),
    );
    const changed = await this.update(transaction, device, { userId, releasedAt: null });
    if (users.length === 1) return changed;
    await this.seals.change(transaction, device.userId, ({ members }) => ({
      members: members - 1,
    }));
    await this.seals.change(transaction, userId, ({ members }) => ({ members: members + 1 }));
    return changed;
  }

  private async find(orm: Drizzle, id: string): Promise<Device | undefined> {
    const [device] = await orm.select().from(devices).where(eq(devices.id, id));
    return device && this.checked(device);
  }

  private async checked(device: Device): Promise<Device> {
    if (await isDeviceIntact(this.integrity, device)) return device;
    throw new ServiceError("DEVICE_UNUSABLE", "The stored device cannot be used.");
  }
}

function revoked(): ServiceError {
  return new ServiceError("DEVICE_REVOKED", "This device was revoked; register another.");
}
