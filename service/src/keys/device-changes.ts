import { Injectable } from "@nestjs/common";
import type { Caller } from "../auth/caller.js";
import { Clock } from "../common/clock.js";
import { Database, type Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { Log } from "../logging/log.js";
import type { Device } from "./device.js";
import { Devices } from "./devices.js";
import { KeyStore } from "./key-store.js";

/** Revokes devices, and gives them to other users: for their owners, and for administrators. */
@Injectable()
export class DeviceChanges {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly devices: Devices,
    private readonly keys: KeyStore,
    private readonly log: Log,
  ) {}

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
      const device = await this.devices.changeableBy(transaction, caller, deviceId);
      const now = this.clock.now();
      // What its owner encrypted before still decrypts, unless the device is revoked.
      await this.keys.retireActive(transaction, deviceId, now);
      const changed = await work(transaction, device, now);
      this.log.warn({ by: caller.userId, userId: device.userId, deviceId }, `a device was ${done}`);
      return changed;
    });
  }
}
