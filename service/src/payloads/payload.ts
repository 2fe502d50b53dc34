import { z } from "zod";
import { ServiceError } from "../common/service-error.js";
import { later, MINUTE, SECOND } from "../common/durations.js";
import { invalidPayload } from "./payload-decryptor.js";

/** How far ahead a device's clock may be. */
const CLOCK_SKEW = MINUTE;

/** A SHA-256 in base64url, written in the one way that there is. */
const HASH = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

const form = z.strictObject({
  operation: z.string(),
  secret: z.string().min(1),
  nonce: z.string().min(16).max(64),
  issuedAt: z.iso.datetime({ offset: true }),
  /** In here, nobody on the way can put another transaction in its place. */
  txn: z.string().regex(HASH).optional(),
});

/** As it stands beside the payload that it is bound to, it needs no time and no nonce of its own. */
const currentForm = z.strictObject({
  operation: z.string(),
  secret: z.string().min(1),
  replacement: z.string().regex(HASH),
});

/** What a device encrypted. */
export interface Payload {
  readonly secret: string;
  readonly nonce: string;
  /** The SHA-256, in base64url, of the transaction that the secret confirms. */
  readonly transactionHash?: string;
  /** From when on it is too old to be accepted. */
  readonly expiresAt: Date;
}

/** What a payload must be like. */
export interface PayloadRule {
  readonly operation: string;
  readonly now: Date;
  readonly maxAgeSeconds: number;
  /** Whether it may confirm a transaction. */
  readonly mayConfirm?: boolean;
}

/**
 * Reads the plaintext of a payload that is for this operation and made just now.
 *
 * @throws {ServiceError} `PAYLOAD_INVALID`, `PAYLOAD_EXPIRED`.
 */
export function readPayload(
  plaintext: Buffer,
  { operation, now, maxAgeSeconds, mayConfirm = false }: PayloadRule,
): Payload {
  const result = form.safeParse(parse(plaintext));
  if (!result.success || result.data.operation !== operation) throw invalidPayload();
  const { secret, nonce, txn: transactionHash } = result.data;
  if (transactionHash !== undefined && !mayConfirm) throw invalidPayload();
  const issuedAt = new Date(result.data.issuedAt);
  const expiresAt = later(issuedAt, maxAgeSeconds * SECOND);
  if (now >= expiresAt || issuedAt > later(now, CLOCK_SKEW)) {
    const message = "The payload is too old, or from the future; encrypt again.";
    throw new ServiceError("PAYLOAD_EXPIRED", message, { serverTime: now.toISOString() });
  }
  return { secret, nonce, transactionHash, expiresAt };
}

/**
 * Reads the plaintext of a payload with the current secret, which its owner gave to have it replaced
 * by one other payload and no other.
 *
 * @param replacement the SHA-256 of that payload as it was sent, in base64url.
 * @throws {ServiceError} `PAYLOAD_INVALID`.
 */
export function readCurrentSecret(
  plaintext: Buffer,
  { operation, replacement }: { readonly operation: string; readonly replacement: string },
): string {
  const { success, data } = currentForm.safeParse(parse(plaintext));
  if (!success || data.operation !== operation) throw invalidPayload();
  if (data.replacement !== replacement) throw invalidPayload();
  return data.secret;
}

function parse(plaintext: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plaintext));
  } catch {
    return undefined;
  }
}
