import { Injectable } from "@nestjs/common";
import { AuditLog } from "../audit/audit-log.js";
import { CredentialLocks } from "../credentials/credential-locks.js";
import type { Device } from "../keys/device.js";
import { DeviceList } from "../keys/device-list.js";
import { KeyUsage } from "../keys/key-usage.js";

const ENTRIES = 50;

/** All that there is about a device or a user, without a secret. */
@Injectable()
export class Subjects {
  constructor(
    private readonly devices: DeviceList,
    private readonly usage: KeyUsage,
    private readonly locks: CredentialLocks,
    private readonly log: AuditLog,
  ) {}

  async device(deviceId: string) {
    const [device, usage, entries] = await Promise.all([
      this.devices.find(deviceId),
      this.usage.ofDevice(deviceId),
      this.log.find({ deviceId }, ENTRIES),
    ]);
    const keys = device ? await this.usage.keysOf(device.userId, deviceId) : [];
    return { device: device ? shown(device) : null, usage, keys, entries };
  }

  async user(userId: string) {
    const [devices, keys, credentials, entries] = await Promise.all([
      this.devices.of(userId),
      this.usage.keysOf(userId),
      this.locks.of(userId),
      this.log.find({ userId }, ENTRIES),
    ]);
    return { userId, devices: devices.map(shown), keys, credentials, entries };
  }

  /** What was done before an entry that is known. */
  entries(filter: { deviceId?: string; userId?: string }, before: bigint) {
    return this.log.find(filter, ENTRIES, before);
  }
}

function shown({ mac: _mac, id, ...device }: Device) {
  return { deviceId: id, ...device };
}
