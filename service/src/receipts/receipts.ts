import { Injectable } from "@nestjs/common";
import { SignJWT } from "jose";
import { Clock } from "../common/clock.js";
import { later, SECOND } from "../common/durations.js";
import { sortableId } from "../common/sortable-id.js";
import { Config } from "../config/config.js";
import { ALGORITHM, ReceiptKeys, type ReceiptKey } from "./receipt-keys.js";

/** Tells receipts from all other tokens (RFC 8725, section 3.11). */
export const RECEIPT_TYPE = "pin-receipt+jwt";

export interface Confirmation {
  readonly userId: string;
  readonly deviceId: string;
  /** The SHA-256 of the transaction, in base64url. */
  readonly transactionHash: string;
}

export interface Receipt {
  readonly id: string;
  readonly token: string;
}

/** Signs that a user confirmed a transaction with the PIN, for a backend that need not ask this service. */
@Injectable()
export class Receipts {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly keys: ReceiptKeys,
  ) {}

  /** What signs; if it cannot be used now, this fails. */
  signer(): Promise<ReceiptKey> {
    return this.keys.signer();
  }

  async sign({ kid, key }: ReceiptKey, confirmation: Confirmation): Promise<Receipt> {
    const { userId, deviceId, transactionHash } = confirmation;
    const { RECEIPT_ISSUER, RECEIPT_AUDIENCE, RECEIPT_SECONDS } = this.config;
    const now = this.clock.now();
    const id = sortableId(now);
    const token = await new SignJWT({ device_id: deviceId, txn: transactionHash, amr: ["pin"] })
      .setProtectedHeader({ alg: ALGORITHM, typ: RECEIPT_TYPE, kid })
      .setIssuer(RECEIPT_ISSUER)
      .setAudience(RECEIPT_AUDIENCE)
      .setSubject(userId)
      .setJti(id)
      .setIssuedAt(now)
      .setExpirationTime(later(now, RECEIPT_SECONDS * SECOND))
      .sign(key);
    return { id, token };
  }
}
