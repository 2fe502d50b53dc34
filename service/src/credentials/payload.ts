import { z } from "zod";
import { ServiceError } from "../common/service-error.js";
import { later, MINUTE, SECOND } from "../common/durations.js";
import { invalidPayload } from "../keys/payload-decryptor.js";

/** How far ahead a device's clock may be. */
const CLOCK_SKEW = MINUTE;

const form = z.strictObject({
  operation: z.string(),
  secret: z.string().min(1),
  nonce: z.string().min(16).max(64),
  issuedAt: z.iso.datetime({ offset: true }),
});

/** What a device encrypted. */
export interface Payload {
  readonly secret: string;
  readonly nonce: string;
  /** From when on it is too old to be accepted. */
  readonly expiresAt: Date;
}

/**
 * Reads the plaintext of a payload that is for this operation and made just now.
 *
 * @throws {ServiceError} `PAYLOAD_INVALID`, `PAYLOAD_EXPIRED`.
 */
export function readPayload(
  plaintext: Buffer,
  { operation, now, maxAgeSeconds }: { operation: string; now: Date; maxAgeSeconds: number },
): Payload {
  const result = form.safeParse(parse(plaintext));
  if (!result.success || result.data.operation !== operation) throw invalidPayload();
  const { secret, nonce } = result.data;
  const issuedAt = new Date(result.data.issuedAt);
  const expiresAt = later(issuedAt, maxAgeSeconds * SECOND);
  if (now >= expiresAt || issuedAt > later(now, CLOCK_SKEW)) {
    const message = "The payload is too old, or from the future; encrypt again.";
    throw new ServiceError("PAYLOAD_EXPIRED", message, { serverTime: now.toISOString() });
  }
  return { secret, nonce, expiresAt };
}

function parse(plaintext: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plaintext));
  } catch {
    return undefined;
  }
}
