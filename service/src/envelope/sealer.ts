import { Injectable } from "@nestjs/common";
import { Envelope, EnvelopeError, type KeyServiceStats } from "kms-envelope";
import { InjectEnvelope } from "kms-envelope/nest";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { SECOND } from "../common/durations.js";

/** The names of the envelopes: of the one that seals, and of the one that opens. */
export const SEALING = "sealing";
export const OPENING = "opening";

export type Context = Readonly<Record<string, string>>;

/** Encrypts what is stored under the key that the settings name, and decrypts it. */
@Injectable()
export class Sealer {
  /** Also getting credentials, or trying several keys, takes no longer. */
  private readonly patienceMs: number;

  constructor(
    config: Config,
    @InjectEnvelope(SEALING) private readonly sealing: Envelope,
    @InjectEnvelope(OPENING) private readonly opening: Envelope,
  ) {
    this.patienceMs = 1.5 * config.KMS_TIMEOUT_SECONDS * SECOND;
  }

  /** An Encryption SDK message that opens only with the same context. */
  async seal(plaintext: Uint8Array, context: Context): Promise<Buffer> {
    try {
      return await this.sealing.encrypt(plaintext, {
        encryptionContext: context,
        signal: AbortSignal.timeout(this.patienceMs),
      });
    } catch (error) {
      throw asServiceError(error);
    }
  }

  /** The plaintext, for the caller to wipe. */
  async open(message: Uint8Array, context: Context): Promise<Buffer> {
    try {
      return await this.opening.decrypt(message, {
        encryptionContext: context,
        signal: AbortSignal.timeout(this.patienceMs),
      });
    } catch (error) {
      throw asServiceError(error);
    }
  }

  /** What was asked of key services, and how often that was spared. */
  stats(): { keyService: KeyServiceStats; cacheHits: number; cacheMisses: number } {
    const caches = [...new Set([this.sealing, this.opening])].map(
      (envelope) => envelope.stats().cache,
    );
    return {
      // Of all keyrings: those that seal open, too.
      keyService: this.opening.stats().keyService,
      cacheHits: caches.reduce((sum, cache) => sum + (cache?.hits ?? 0), 0),
      cacheMisses: caches.reduce((sum, cache) => sum + (cache?.misses ?? 0), 0),
    };
  }
}

/** What the message itself is to blame for: it was changed, moved, or is of another key. */
const OF_THE_MESSAGE = new Set([
  "ERR_ENVELOPE_MALFORMED_MESSAGE",
  "ERR_ENVELOPE_TRUNCATED_MESSAGE",
  "ERR_ENVELOPE_UNSUPPORTED_MESSAGE",
  "ERR_ENVELOPE_COMMITMENT_POLICY",
  "ERR_ENVELOPE_AUTHENTICATION_FAILED",
  "ERR_ENVELOPE_CONTEXT_MISMATCH",
  "ERR_ENVELOPE_NO_USABLE_KEY",
  "ERR_ENVELOPE_KMS_INVALID_CIPHERTEXT",
  "ERR_ENVELOPE_KMS_WRONG_KEY",
]);

/** Whether the message is to blame, and not the key service or the settings. */
export function isOfTheMessage(error: EnvelopeError): boolean {
  return withReasons(error).every(({ code }) => OF_THE_MESSAGE.has(code));
}

function asServiceError(error: unknown): unknown {
  if (!(error instanceof EnvelopeError)) return error;
  if (isOfTheMessage(error)) {
    return new ServiceError(
      "KEY_UNUSABLE",
      "The stored key cannot be used; make another.",
      {},
      error,
    );
  }
  const held = withReasons(error).find(({ retryAfterMs }) => retryAfterMs !== undefined);
  const retryAfterSeconds = Math.max(1, Math.ceil((held?.retryAfterMs ?? SECOND) / SECOND));
  const message = "The key service cannot be used now; try again later.";
  return new ServiceError("KMS_UNAVAILABLE", message, { retryAfterSeconds }, error);
}

/** The error, and that of each key that was tried. */
function withReasons(error: EnvelopeError): EnvelopeError[] {
  return [error, ...error.errors.flatMap(withReasons)];
}
