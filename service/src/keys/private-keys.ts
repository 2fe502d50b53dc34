import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { Sealer } from "../envelope/sealer.js";
import { decryptsUntil, keyContext, type ClientKey } from "./client-key.js";
import { Devices } from "./devices.js";

/** Decrypts the private keys of devices, as long as their payloads may be decrypted. */
@Injectable()
export class PrivateKeys {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly devices: Devices,
    private readonly sealer: Sealer,
  ) {}

  /**
   * @returns what decrypts the private key of a checked row, for the caller to wipe.
   * @throws {ServiceError} `KEY_DESTROYED`, `DEVICE_REVOKED`, `DEVICE_UNUSABLE`; from what it returns
   * `KEY_UNUSABLE`, `KMS_UNAVAILABLE`.
   */
  async opener(key: ClientKey): Promise<() => Promise<Buffer>> {
    const ended = this.clock.now() >= decryptsUntil(key, this.config.KEY_DECRYPT_ONLY_DAYS);
    const { privateKey } = key;
    if (key.state === "destroyed" || ended || !privateKey) {
      throw new ServiceError("KEY_DESTROYED", "The key is destroyed; ask for another.");
    }
    await this.devices.checkNotRevoked(this.database.orm, key.deviceId);
    return () => this.sealer.open(privateKey, keyContext(key));
  }
}
