import {
  AwsKmsKeyring,
  LocalKeyring,
  MultiKeyring,
  type EnvelopeOptions,
  type Keyring,
} from "kms-envelope";
import { SECOND } from "../common/durations.js";
import type { Config } from "../config/config.js";

const LOCAL = "local:";

type KmsSettings = Pick<Config, "KMS_ENDPOINT" | "KMS_TIMEOUT_SECONDS">;

/** The keyring of a key: `local:PATH`, or of AWS KMS as the settings say to reach it. */
export function keyringOf(keyId: string, settings: KmsSettings): Keyring {
  if (keyId.startsWith(LOCAL)) return new LocalKeyring(keyId.slice(LOCAL.length));
  const timeoutMs = settings.KMS_TIMEOUT_SECONDS * SECOND;
  return new AwsKmsKeyring({
    keyId,
    endpoint: settings.KMS_ENDPOINT,
    timeoutMs,
    // One that hangs is tried once more.
    attemptTimeoutMs: timeoutMs / 2,
    connectTimeoutMs: timeoutMs / 2,
  });
}

/** One keyring that opens what is under any of several. */
export function anyOf(keyrings: readonly Keyring[]): Keyring {
  const [generator, ...children] = keyrings;
  return children.length === 0 ? generator! : new MultiKeyring({ generator, children });
}

/** How the envelope that seals is made, and the one that opens also what is under the other keys. */
export function envelopeOptions(config: Config): {
  sealing: EnvelopeOptions;
  /** Undefined if there are no other keys: then it is the same envelope. */
  opening: EnvelopeOptions | undefined;
} {
  const keyIds = [config.KMS_KEY_ID, ...config.KMS_READ_KEY_IDS];
  const keyrings = keyIds.map((keyId) => keyringOf(keyId, config));
  const cached = config.KMS_CACHE_SECONDS > 0 && !keyIds.every((keyId) => keyId.startsWith(LOCAL));
  const cache = cached ? { maxAgeMs: config.KMS_CACHE_SECONDS * SECOND } : undefined;
  const sealing = { keyring: keyrings[0]!, cache };
  if (keyrings.length === 1) return { sealing, opening: undefined };
  return { sealing, opening: { keyring: anyOf(keyrings), cache } };
}
