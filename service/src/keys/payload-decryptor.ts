import { Inject, Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { Sealer } from "../envelope/sealer.js";
import { Measure } from "../metrics/measure.js";
import { decryptsUntil, keyContext } from "./client-key.js";
import { Devices } from "./devices.js";
import { decryptAndWipe } from "./key-pair.js";
import { KeyStore } from "./key-store.js";

/** A longer payload is refused before anything is done with it. */
const MAX_PAYLOAD_BYTES = 2048;

/** Decrypts what a device encrypted under its key. */
@Injectable()
export class PayloadDecryptor {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(KeyStore) private readonly store: KeyStore,
    @Inject(Database) private readonly database: Database,
    @Inject(Devices) private readonly devices: Devices,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(Measure) private readonly measure: Measure,
  ) {}

  /**
   * @returns the plaintext, for the caller to wipe.
   * @throws {ServiceError} `PAYLOAD_TOO_LARGE`, `PAYLOAD_INVALID`, `KEY_NOT_FOUND`, `KEY_DESTROYED`,
   * `KEY_UNUSABLE`, `KMS_UNAVAILABLE`.
   */
  decrypt(userId: string, keyId: string, payload: string): Promise<Buffer> {
    return this.measure.run({ operation: "decrypt", userId }, async (details) => {
      const ciphertext = decode(payload);
      const key = await this.store.ownedBy(userId, keyId);
      details.keyId = key.id;
      details.deviceId = key.deviceId;
      const ended = this.clock.now() >= decryptsUntil(key, this.config.KEY_DECRYPT_ONLY_DAYS);
      if (key.state === "destroyed" || ended || !key.privateKey) {
        throw new ServiceError("KEY_DESTROYED", "The key is destroyed; ask for another.");
      }
      await this.devices.checkNotRevoked(this.database.orm, key.deviceId);
      if (ciphertext.length !== key.bits / 8) throw invalidPayload();
      const privateKey = await this.sealer.open(key.privateKey, keyContext(key));
      const plaintext = decryptAndWipe(privateKey, ciphertext);
      if (!plaintext) throw invalidPayload();
      return plaintext;
    });
  }
}

function decode(payload: string): Buffer {
  if (payload.length > Math.ceil(MAX_PAYLOAD_BYTES / 3) * 4) throw tooLarge();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(payload) || payload.length % 4 !== 0) throw invalidPayload();
  const bytes = Buffer.from(payload, "base64");
  if (bytes.length > MAX_PAYLOAD_BYTES) throw tooLarge();
  return bytes;
}

function tooLarge(): ServiceError {
  const message = `A payload has at most ${MAX_PAYLOAD_BYTES} bytes.`;
  return new ServiceError("PAYLOAD_TOO_LARGE", message);
}

/** One error for all: what exactly is wrong with a ciphertext must not be learnt from here. */
export function invalidPayload(): ServiceError {
  return new ServiceError("PAYLOAD_INVALID", "The payload is not what this operation takes.");
}
