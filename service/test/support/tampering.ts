import { startTestService, type TestService } from "./app.js";
import type { Device, DeviceKey } from "./device.js";

/** Starts a service that answers as often as tests of edited rows ask it. */
export function startForTampering(): Promise<TestService> {
  return startTestService({
    LIMIT_DEVICE_GENERATIONS: "1000",
    LIMIT_USER_GENERATIONS: "1000",
  });
}

/** Asks whether this is the passcode of the device's user, under a key that the device has got before. */
export function verifyPasscode(device: Device, key: DeviceKey, passcode: string) {
  return device.submitUnder(key, "verifyUserPasscode", passcode);
}
