import type { devices } from "../database/schema/keys.js";
import type { Integrity } from "../envelope/integrity.js";

export type Device = typeof devices.$inferSelect;
export type UnsignedDevice = Omit<Device, "mac">;

export function deviceCode(integrity: Integrity, device: UnsignedDevice): Promise<string> {
  return integrity.code("devices", fieldsOf(device));
}

export function isDeviceIntact(integrity: Integrity, device: Device): Promise<boolean> {
  return integrity.matches(device.mac, "devices", fieldsOf(device));
}

function fieldsOf({ id, userId, createdAt }: UnsignedDevice) {
  return [id, userId, createdAt];
}
