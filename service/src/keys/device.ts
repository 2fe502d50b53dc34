import type { devices } from "../database/schema/keys.js";
import type { Integrity } from "../envelope/integrity.js";

export type Device = typeof devices.$inferSelect;
export type UnsignedDevice = Omit<Device, "mac">;

export function isDeviceId(text: string): boolean {
  return /^[\w.:-]{1,128}$/.test(text);
}

export function deviceCode(integrity: Integrity, device: UnsignedDevice): Promise<string> {
  return integrity.code("devices", fieldsOf(device));
}

export function isDeviceIntact(integrity: Integrity, device: Device): Promise<boolean> {
  return integrity.matches(device.mac, "devices", fieldsOf(device));
}

/** As codes were before they covered the version of the app. */
export function isFormerDeviceIntact(integrity: Integrity, device: Device): Promise<boolean> {
  const { id, userId, createdAt } = device;
  return integrity.matches(device.mac, "devices", [id, userId, createdAt]);
}

function fieldsOf(device: UnsignedDevice) {
  const { id, userId, createdAt, appVersion, revokedAt, releasedAt } = device;
  return [id, userId, createdAt, appVersion, revokedAt, releasedAt];
}
