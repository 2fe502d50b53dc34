import { Inject, Injectable } from "@nestjs/common";
import { AwsKmsKeyring, Envelope, EnvelopeError } from "kms-envelope";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { SECOND } from "../common/durations.js";

export type Context = Readonly<Record<string, string>>;

/** Encrypts and decrypts what is stored, under the key that the settings name. */
@Injectable()
export class Sealer {
  readonly envelope: Envelope;

  constructor(@Inject(Config) config: Config) {
    this.envelope = createEnvelope(config.kmsKeyId, config);
  }

  /** An Encryption SDK message that opens only with the same context. */
  async seal(plaintext: Uint8Array, context: Context): Promise<Buffer> {
    try {
      return await this.envelope.encrypt(plaintext, { encryptionContext: context });
    } catch (error) {
      throw asServiceError(error);
    }
  }

  /** The plaintext, for the caller to wipe. */
  async open(message: Uint8Array, context: Context): Promise<Buffer> {
    try {
      return await this.envelope.decrypt(message, { encryptionContext: context });
    } catch (error) {
      throw asServiceError(error);
    }
  }
}

/** An envelope under a key, `local:PATH` or of AWS KMS, as the settings say to reach it. */
export function createEnvelope(keyId: string, config: Config): Envelope {
  if (keyId.startsWith("local:")) return new Envelope(keyId);
  const keyring = new AwsKmsKeyring({ keyId, endpoint: config.KMS_ENDPOINT });
  const cache =
    config.KMS_CACHE_SECONDS > 0 ? { maxAgeMs: config.KMS_CACHE_SECONDS * SECOND } : undefined;
  return new Envelope({ keyring, cache });
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

function asServiceError(error: unknown): unknown {
  if (!(error instanceof EnvelopeError)) return error;
  const service = error.errors.find(({ code }) => !OF_THE_MESSAGE.has(code));
  if (OF_THE_MESSAGE.has(error.code) && !service) {
    return new ServiceError(
      "KEY_UNUSABLE",
      "The stored key cannot be used; make another.",
      {},
      error,
    );
  }
  const retryAfterMs = error.retryAfterMs ?? service?.retryAfterMs ?? SECOND;
  const message = "The key service cannot be used now; try again later.";
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / SECOND));
  return new ServiceError("KMS_UNAVAILABLE", message, { retryAfterSeconds }, error);
}
