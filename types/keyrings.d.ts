// What wraps and unwraps data keys.
import type { Bytes } from "./options.js";

/** Any keyring. */
export type Keyring = AwsKmsKeyring | LocalKeyring | RawAesKeyring;

/** How to reach a KMS key. What is left out comes from where every AWS SDK takes it. */
export interface AwsKmsKeyringOptions {
  /** A key id, key ARN, alias (`alias/app`) or alias ARN. */
  readonly keyId: string;
  /** The AWS Region; by default the ARN's, `AWS_REGION`, or the profile's. */
  readonly region?: string;
  /** The URL of KMS; by default `AWS_ENDPOINT_URL_KMS`, or AWS's own. */
  readonly endpoint?: string;
  /** The profile in the AWS config files; by default `AWS_PROFILE`. */
  readonly profile?: string;
  /** Grant tokens for each call. */
  readonly grantTokens?: readonly string[];
  /** How often one call is tried, from 1 to 100; by default 3. */
  readonly maxAttempts?: number;
  /** How long one call may take in milliseconds, with its retries; by default 15,000. */
  readonly timeoutMs?: number;
}

/**
 * Wraps data keys under a KMS key, which never leaves KMS: GenerateDataKey to encrypt, Decrypt to
 * decrypt.
 */
export class AwsKmsKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: AwsKmsKeyringOptions);
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "aws-kms";
}

/** Wraps data keys under the AES-256 key in a file: for development, tests and offline use. */
export class LocalKeyring {
  /**
   * Reads a key file.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_KEY_FILE` if the file is missing, malformed, or readable
   * by others; the message says how to mend it.
   */
  constructor(path: string);

  /**
   * Makes a new key file that only its owner can read, and opens it. An existing file is never
   * overwritten.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_KEY_FILE`.
   */
  static generate(path: string): LocalKeyring;
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "local";
}

/** How other Encryption SDKs know a raw AES key. */
export interface RawAesKeyringOptions {
  /** The key namespace; must not start with `aws-kms`. */
  readonly keyNamespace: string;
  /** The key name. */
  readonly keyName: string;
  /** The key: 16, 24 or 32 random bytes. */
  readonly wrappingKey: Exclude<Bytes, string>;
}

/** Wraps data keys under an AES key that you hold. */
export class RawAesKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: RawAesKeyringOptions);
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "raw-aes";
}
