import { randomUUID } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { Database } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { RegistrationLimits } from "../limits/registration-limits.js";
import type { Device } from "./device.js";
import { Devices } from "./devices.js";

/** Registers new devices for users. */
@Injectable()
export class DeviceRegistration {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly devices: Devices,
    private readonly limits: RegistrationLimits,
  ) {}

  /**
   * A device whose id nobody can have guessed, since it is chosen here.
   *
   * @throws {ServiceError} `DEVICE_LIMIT_REACHED`.
   */
  register(userId: string, appVersion: string): Promise<Device> {
    const deviceId = randomUUID();
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${deviceId}`, `user:${userId}`]);
      const now = this.clock.now();
      await this.limits.take(transaction, { deviceId, userId }, now);
      return this.devices.insert(transaction, { deviceId, userId, appVersion }, now);
    });
  }
}
