// RSA keys of KMS: the public key wraps without a call, and KMS unwraps.
import type { KeyObject } from "node:crypto";
import type { AwsKmsOptions } from "./keyrings.js";

/** An RSA key of KMS whose usage is `ENCRYPT_DECRYPT`, and how to reach KMS. */
export interface AwsKmsRsaKeyringOptions extends Omit<AwsKmsOptions, "multiRegion" | "region"> {
  /** The ARN of the key. Related multi-Region keys count as one key. */
  readonly keyId: string;
  /**
   * Encrypts: the public key, as `GetPublicKey` of KMS gives it, as PEM or a KeyObject, of 2,048 to
   * 8,192 bits. It must belong to `keyId`; otherwise nobody can decrypt. `Envelope.open` checks it.
   */
  readonly publicKey?: string | Uint8Array | KeyObject;
  /** The padding, by default `"oaep-sha256"`; the mask uses the same hash. */
  readonly padding?: "oaep-sha256" | "oaep-sha1";
}

/**
 * Wraps data keys under the public key of a KMS key, without a call: `encryptSync` works, offline and
 * without credentials. To decrypt, KMS unwraps them with the private key, which never leaves it.
 *
 * Anybody may have the public key, so a message does not show who wrote it. Suites with signatures are
 * refused, as the AWS Encryption SDKs refuse them. The keyring is for messages only, not for
 * `generateDataKey` and `decryptDataKey`.
 */
export class AwsKmsRsaKeyring {
  /**
   * Makes a keyring. It makes no call of KMS.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`, `ERR_ENVELOPE_CONFIGURATION`.
   */
  constructor(options: AwsKmsRsaKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "aws-kms-rsa";
}
