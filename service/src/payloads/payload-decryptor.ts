import { Injectable } from "@nestjs/common";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Measure } from "../metrics/measure.js";
import type { ClientKey } from "../keys/client-key.js";
import { decryptAndWipe } from "../keys/key-pair.js";
import { KeyStore } from "../keys/key-store.js";
import { PrivateKeys } from "../keys/private-keys.js";

/** A payload as a device sends it, in base64, and the key that it is encrypted under. */
export interface EncryptedPayload {
  readonly keyId: string;
  readonly ciphertext: string;
}

/** Decrypts what a device encrypted under its key. */
@Injectable()
export class PayloadDecryptor {
  constructor(
    private readonly config: Config,
    private readonly store: KeyStore,
    private readonly privateKeys: PrivateKeys,
    private readonly measure: Measure,
  ) {}

  /**
   * @returns the plaintext, for the caller to wipe, and whose device encrypted it.
   * @throws {ServiceError} `PAYLOAD_TOO_LARGE`, `PAYLOAD_INVALID`, `KEY_NOT_FOUND`, `KEY_DESTROYED`,
   * `KEY_UNUSABLE`, `DEVICE_REVOKED`, `DEVICE_UNUSABLE`, `KMS_UNAVAILABLE`.
   */
  decrypt(
    userId: string,
    encrypted: EncryptedPayload,
  ): Promise<{ plaintext: Buffer; deviceId: string }> {
    return this.withKey(userId, encrypted, async (key, openPrivateKey) => {
      const bytes = decode(encrypted.ciphertext);
      if (!bytes || bytes.length !== key.bits / 8) throw invalidPayload();
      const plaintext = decryptAndWipe(await openPrivateKey(), bytes);
      if (!plaintext) throw invalidPayload();
      return { plaintext, deviceId: key.deviceId };
    });
  }

  /**
   * Lets work decrypt a ciphertext with the private key of a user's key, which work wipes.
   *
   * @throws {ServiceError} as `decrypt` does.
   */
  withKey<Result>(
    userId: string,
    { keyId, ciphertext }: EncryptedPayload,
    work: (key: ClientKey, openPrivateKey: () => Promise<Buffer>) => Promise<Result>,
  ): Promise<Result> {
    return this.measure.run({ operation: "decrypt", userId }, async (details) => {
      this.checkLength(ciphertext);
      const key = await this.store.ownedBy(userId, keyId);
      details.keyId = key.id;
      details.deviceId = key.deviceId;
      return work(key, await this.privateKeys.opener(key));
    });
  }

  /** A longer one is refused before anything is done with it. */
  private checkLength(ciphertext: string): void {
    const most = this.config.PAYLOAD_MAX_BYTES;
    const padding = ciphertext.endsWith("==") ? 2 : ciphertext.endsWith("=") ? 1 : 0;
    if (Math.floor(((ciphertext.length - padding) * 3) / 4) <= most) return;
    throw new ServiceError("PAYLOAD_TOO_LARGE", `A payload has at most ${most} bytes.`);
  }
}

function decode(base64: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  return Buffer.from(base64, "base64");
}

/** One error for all: what exactly is wrong with a ciphertext must not be learnt from here. */
export function invalidPayload(): ServiceError {
  return new ServiceError("PAYLOAD_INVALID", "The payload is not what this operation takes.");
}
