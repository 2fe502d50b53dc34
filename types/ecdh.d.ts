// Key agreement: two key pairs share a secret, which wraps the data keys.
import type { KeyObject } from "node:crypto";
import type { AwsKmsOptions } from "./keyrings.js";

/** The curve of both key pairs, as KMS names it: NIST P-256, P-384 or P-521. */
export type EcdhCurveSpec = "ECC_NIST_P256" | "ECC_NIST_P384" | "ECC_NIST_P521";

/**
 * The keys of a `RawEcdhKeyring`, at least one of them. The keys that you give decide the key agreement
 * schema:
 *
 * - both: encrypts for the recipient, and decrypts what either of the two sent the other
 *   (`RawPrivateKeyToStaticPublicKey` in other Encryption SDKs);
 * - `recipientPublicKey` alone: encrypts under a fresh key pair each time, and does not decrypt
 *   (`EphemeralPrivateKeyToStaticPublicKey`);
 * - `privateKey` alone: decrypts what anybody sent its owner, and does not encrypt
 *   (`PublicKeyDiscovery`).
 */
export interface RawEcdhKeyringOptions {
  /** The curve. Keys of another curve are refused. */
  readonly curveSpec: EcdhCurveSpec;
  /** Your private key, as PEM without a passphrase or as a KeyObject. It is copied. */
  readonly privateKey?: string | Uint8Array | KeyObject;
  /** The public key of the other party, as PEM or as a KeyObject. It may be that of a KMS key. */
  readonly recipientPublicKey?: string | Uint8Array | KeyObject;
}

/**
 * Wraps data keys under the secret that two elliptic-curve key pairs share, as the ECDH keyrings of the
 * AWS Encryption SDKs do. It calls no service, so `encryptSync` and `decryptSync` work.
 *
 * With `privateKey` and `recipientPublicKey`, a message that decrypts is from one of the two parties.
 * With only one of them, a message does not show who wrote it: anybody with the recipient's public key
 * could have.
 */
export class RawEcdhKeyring {
  /**
   * Makes a keyring.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`.
   */
  constructor(options: RawEcdhKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "raw-ecdh";
}

/** A key of KMS whose usage is `KEY_AGREEMENT`, and how to reach KMS. */
export interface AwsKmsEcdhKeyringOptions extends Omit<AwsKmsOptions, "multiRegion" | "region"> {
  /** The curve. Keys of another curve are refused. */
  readonly curveSpec: EcdhCurveSpec;
  /** The ARN of your key. Related multi-Region keys do not count as one key. */
  readonly keyId: string;
  /**
   * The public key of `keyId`, as PEM or as a KeyObject. By default `GetPublicKey` of KMS is called for
   * it once, when it is first needed. If it does not belong to `keyId`, the recipient cannot decrypt.
   * `Envelope.open` checks it.
   */
  readonly publicKey?: string | Uint8Array | KeyObject;
  /**
   * The public key of the other party, as PEM or as a KeyObject. With it the keyring encrypts for that
   * party, and decrypts what either of the two sent the other. Without it the keyring decrypts what anybody
   * sent the owner of `keyId`, and does not encrypt.
   */
  readonly recipientPublicKey?: string | Uint8Array | KeyObject;
}

/**
 * Like `RawEcdhKeyring`, but with a private key that never leaves KMS. Each message costs one call of
 * `DeriveSharedSecret`, to encrypt and to decrypt; with a `cache`, each data key does. The two kinds of
 * keyring read each other's messages.
 */
export class AwsKmsEcdhKeyring {
  /**
   * Makes a keyring. It makes no call of KMS.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`, `ERR_ENVELOPE_CONFIGURATION`.
   */
  constructor(options: AwsKmsEcdhKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "aws-kms-ecdh";
}
