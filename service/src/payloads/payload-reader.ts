import { createHash } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { Config } from "../config/config.js";
import { PayloadDecryptor, type EncryptedPayload } from "./payload-decryptor.js";
import { readCurrentSecret, readPayload, type Payload, type PayloadRule } from "./payload.js";

/** A payload that was decrypted, and which device's it is. */
export interface OpenedPayload extends Payload {
  readonly keyId: string;
  readonly deviceId: string;
}

/** A payload that was opened, and how it was sent. */
export interface Replacement {
  readonly ciphertext: string;
  readonly payload: OpenedPayload;
}

/** Decrypts payloads, and sees that they are for an operation and of now. */
@Injectable()
export class PayloadReader {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly decryptor: PayloadDecryptor,
  ) {}

  /** @throws {ServiceError} as `PayloadDecryptor` and `readPayload` do. */
  async read(
    userId: string,
    encrypted: EncryptedPayload,
    rule: Pick<PayloadRule, "operation" | "mayConfirm">,
  ): Promise<OpenedPayload> {
    const { keyId } = encrypted;
    const { plaintext, deviceId } = await this.decryptor.decrypt(userId, encrypted);
    try {
      const maxAgeSeconds = this.config.PAYLOAD_MAX_AGE_SECONDS;
      const now = this.clock.now();
      return { keyId, deviceId, ...readPayload(plaintext, { ...rule, now, maxAgeSeconds }) };
    } finally {
      plaintext.fill(0);
    }
  }

  /**
   * Reads a payload with the current secret, which is good beside its replacement alone, and no
   * longer than that is.
   *
   * @throws {ServiceError} as `PayloadDecryptor` and `readCurrentSecret` do.
   */
  async readCurrent(
    userId: string,
    encrypted: EncryptedPayload,
    operation: string,
    { ciphertext, payload: { expiresAt } }: Replacement,
  ): Promise<OpenedPayload> {
    const { keyId } = encrypted;
    const { plaintext, deviceId } = await this.decryptor.decrypt(userId, encrypted);
    try {
      const replacement = createHash("sha256").update(ciphertext).digest("base64url");
      const secret = readCurrentSecret(plaintext, { operation, replacement });
      return { keyId, deviceId, secret, nonce: replacement, expiresAt };
    } finally {
      plaintext.fill(0);
    }
  }
}
