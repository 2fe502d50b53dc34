import { Inject, Injectable } from "@nestjs/common";
import { eq } from "drizzle-orm";
import { ServiceError } from "../common/service-error.js";
import type { Transaction } from "../database/database.js";
import { devices } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";
import { deviceCode, isDeviceIntact } from "./device.js";

export interface DeviceClaim {
  readonly deviceId: string;
  readonly userId: string;
  readonly appVersion: string;
}

/** Devices, each of which belongs to the user who first registered it. */
@Injectable()
export class Devices {
  constructor(@Inject(Integrity) private readonly integrity: Integrity) {}

  /**
   * Registers the device, or checks whose it is; in a transaction that holds its lock.
   *
   * @throws {ServiceError} `DEVICE_NOT_YOURS`, `KEY_UNUSABLE`.
   */
  async claim(transaction: Transaction, claim: DeviceClaim, now: Date): Promise<void> {
    const { deviceId: id, userId, appVersion } = claim;
    const [device] = await transaction.select().from(devices).where(eq(devices.id, id));
    if (!device) {
      const unsigned = { id, userId, appVersion, createdAt: now };
      const mac = await deviceCode(this.integrity, unsigned);
      await transaction.insert(devices).values({ ...unsigned, mac });
      return;
    }
    if (!(await isDeviceIntact(this.integrity, device))) {
      throw new ServiceError("KEY_UNUSABLE", "The stored device cannot be used.");
    }
    if (device.userId !== userId) {
      throw new ServiceError("DEVICE_NOT_YOURS", "This device id belongs to another user.");
    }
    if (device.appVersion === appVersion) return;
    await transaction.update(devices).set({ appVersion }).where(eq(devices.id, id));
  }
}
