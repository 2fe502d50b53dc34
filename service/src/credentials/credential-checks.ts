import { Injectable } from "@nestjs/common";
import type { EncryptedPayload } from "../payloads/payload-decryptor.js";
import { PayloadReader } from "../payloads/payload-reader.js";
import { Receipts, type Receipt } from "../receipts/receipts.js";
import { KINDS, type CredentialKind } from "./credential.js";
import { SecretVerifier, type Verification } from "./secret-verifier.js";

export interface Check extends Verification {
  /** Where the payload named a transaction, and the PIN is right. */
  readonly receipt?: Receipt;
}

/** Checks passcodes and PINs, and signs a receipt for a transaction that a PIN confirms. */
@Injectable()
export class CredentialChecks {
  constructor(
    private readonly payloads: PayloadReader,
    private readonly verifier: SecretVerifier,
    private readonly receipts: Receipts,
  ) {}

  async check(userId: string, kind: CredentialKind, encrypted: EncryptedPayload): Promise<Check> {
    const rule = { operation: KINDS[kind].verify, mayConfirm: kind === "TRANSACTION_PIN" };
    const payload = await this.payloads.read(userId, encrypted, rule);
    const { deviceId, transactionHash } = payload;
    if (transactionHash === undefined) {
      return (await this.verifier.verify(userId, kind, payload)).verification;
    }
    // It can fail without being the user's fault, and so comes before the counting.
    const signer = await this.receipts.signer();
    const { verification } = await this.verifier.verify(userId, kind, payload);
    if (!verification.verified) return verification;
    const receipt = await this.receipts.sign(signer, { userId, deviceId, transactionHash });
    return { ...verification, receipt };
  }
}
