import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { Sealer } from "../envelope/sealer.js";
import { Measure } from "../metrics/measure.js";
import { decryptsUntil, keyContext, type ClientKey } from "./client-key.js";
import { Devices } from "./devices.js";
import { decryptAndWipe } from "./key-pair.js";
import { KeyStore } from "./key-store.js";

/** Decrypts what a device encrypted under its key. */
@Injectable()
export class PayloadDecryptor {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly store: KeyStore,
    private readonly database: Database,
    private readonly devices: Devices,
    private readonly sealer: Sealer,
    private readonly measure: Measure,
  ) {}

  /**
   * @returns the plaintext, for the caller to wipe.
   * @throws {ServiceError} `PAYLOAD_TOO_LARGE`, `PAYLOAD_INVALID`, `KEY_NOT_FOUND`, `KEY_DESTROYED`,
   * `KEY_UNUSABLE`, `KMS_UNAVAILABLE`.
   */
  decrypt(userId: string, keyId: string, payload: string): Promise<Buffer> {
    return this.withKey(userId, keyId, payload, async (key, openPrivateKey) => {
      const ciphertext = decode(payload);
      if (!ciphertext || ciphertext.length !== key.bits / 8) throw invalidPayload();
      const plaintext = decryptAndWipe(await openPrivateKey(), ciphertext);
      if (!plaintext) throw invalidPayload();
      return plaintext;
    });
  }

  /**
   * Lets work decrypt a payload with the private key of a user's key, which work wipes.
   *
   * @throws {ServiceError} as `decrypt` does.
   */
  withKey<Result>(
    userId: string,
    keyId: string,
    payload: string,
    work: (key: ClientKey, openPrivateKey: () => Promise<Buffer>) => Promise<Result>,
  ): Promise<Result> {
    return this.measure.run({ operation: "decrypt", userId }, async (details) => {
      this.checkLength(payload);
      const key = await this.store.ownedBy(userId, keyId);
      details.keyId = key.id;
      details.deviceId = key.deviceId;
      const ended = this.clock.now() >= decryptsUntil(key, this.config.KEY_DECRYPT_ONLY_DAYS);
      const { privateKey } = key;
      if (key.state === "destroyed" || ended || !privateKey) {
        throw new ServiceError("KEY_DESTROYED", "The key is destroyed; ask for another.");
      }
      await this.devices.checkNotRevoked(this.database.orm, key.deviceId);
      return work(key, () => this.sealer.open(privateKey, keyContext(key)));
    });
  }

  /** A longer payload is refused before anything is done with it. */
  private checkLength(payload: string): void {
    const most = this.config.PAYLOAD_MAX_BYTES;
    const padding = payload.endsWith("==") ? 2 : payload.endsWith("=") ? 1 : 0;
    if (Math.floor(((payload.length - padding) * 3) / 4) <= most) return;
    throw new ServiceError("PAYLOAD_TOO_LARGE", `A payload has at most ${most} bytes.`);
  }
}

function decode(payload: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(payload) || payload.length % 4 !== 0) return undefined;
  return Buffer.from(payload, "base64");
}

/** One error for all: what exactly is wrong with a ciphertext must not be learnt from here. */
export function invalidPayload(): ServiceError {
  return new ServiceError("PAYLOAD_INVALID", "The payload is not what this operation takes.");
}
