// What comes out: headers, plaintexts, data keys, files.
import type { ByteRange } from "./options.js";

/** The header of a message. */
export interface MessageHeader {
  /** The version of the message format. */
  readonly version: 1 | 2;
  /** How the message is encrypted. */
  readonly algorithmSuite: AlgorithmSuite;
  /** Random bytes that name the message: 32 in format 2.0, 16 in 1.0. */
  readonly messageId: Buffer;
  /** The pairs that the message carries. */
  readonly encryptionContext: Record<string, string>;
  /** The wrapped copies of the data key, one for each wrapping key. */
  readonly encryptedDataKeys: EncryptedDataKey[];
  /** Whether the body is divided into frames. */
  readonly contentType: "framed" | "non-framed";
  /** The plaintext length of each frame but the last, in bytes; 0 if there are no frames. */
  readonly frameLength: number;
  /** The length of the header itself, in bytes. */
  readonly headerLength: number;
}

/** An algorithm suite of the AWS Encryption SDK. */
export interface AlgorithmSuite {
  /** The number in the message, such as `0x0478`. */
  readonly id: AlgorithmSuiteId;
  /** The name in the specification. */
  readonly name: AlgorithmSuiteName;
  /** Whether a message commits to its data key. */
  readonly committing: boolean;
  /** Whether a message is signed. */
  readonly signed: boolean;
}

/** The numbers of the algorithm suites; `0x0478` is the default. */
export type AlgorithmSuiteId =
  0x0014 | 0x0046 | 0x0078 | 0x0114 | 0x0146 | 0x0178 | 0x0214 | 0x0346 | 0x0378 | 0x0478 | 0x0578;

/** The names of the algorithm suites, in the order of their numbers. */
export type AlgorithmSuiteName =
  | "AES_128_GCM_IV12_TAG16_NO_KDF"
  | "AES_192_GCM_IV12_TAG16_NO_KDF"
  | "AES_256_GCM_IV12_TAG16_NO_KDF"
  | "AES_128_GCM_IV12_TAG16_HKDF_SHA256"
  | "AES_192_GCM_IV12_TAG16_HKDF_SHA256"
  | "AES_256_GCM_IV12_TAG16_HKDF_SHA256"
  | "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256"
  | "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384"
  | "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384"
  | "AES_256_GCM_HKDF_SHA512_COMMIT_KEY"
  | "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384";

/** A wrapped copy of a message's data key. */
export interface EncryptedDataKey {
  /** Who wrapped it: `aws-kms`, or the namespace of a raw key. */
  readonly keyProviderId: string;
  /** What that provider needs to unwrap it, as it stands in the message. */
  readonly keyProviderInfo: Buffer;
  /** The name of the wrapping key: an ARN for `aws-kms`. */
  readonly keyName: string;
  /** The wrapped data key. */
  readonly ciphertext: Buffer;
}

/** A decrypted message. */
export interface DecryptedMessage {
  /** What was encrypted. */
  readonly plaintext: Buffer;
  /** The header, authenticated. */
  readonly header: MessageHeader;
}

/** A data key, as KMS gives it. */
export interface DecryptedDataKey {
  /** The key itself. Keep it no longer than you need it. */
  readonly plaintext: Buffer;
  /** The ARN of the KMS key; of a local or raw key, its name. */
  readonly keyId: string;
  /** Which key material of the KMS key wrapped it; KMS only. */
  readonly keyMaterialId?: string;
  /** The AWS request id; KMS only. */
  readonly requestId?: string;
}

/** A new data key, as KMS gives it. */
export interface GeneratedDataKey extends DecryptedDataKey {
  /** The wrapped form, to be stored. */
  readonly ciphertextBlob: Buffer;
}

/** A wrapped data key, or wrapped bytes. */
export interface WrappedDataKey {
  /** The wrapped form, to be stored. */
  readonly ciphertextBlob: Buffer;
  /** The ARN of the KMS key; of a local or raw key, its name. */
  readonly keyId: string;
  /** Which key material of the KMS key wrapped it; KMS only. */
  readonly keyMaterialId?: string;
  /** The AWS request id; KMS only. */
  readonly requestId?: string;
}

/** A key pair whose private key is wrapped; the fields have KMS's names. */
export interface WrappedKeyPair {
  /** The public key: DER, SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** The private key, wrapped; `decryptDataKey` unwraps it. */
  readonly privateKeyCiphertextBlob: Buffer;
  /** Its kind. */
  readonly keyPairSpec: KeyPairSpec;
  /** The ARN of the KMS key; of a local or raw key, its name. */
  readonly keyId: string;
  /** Which key material of the KMS key wrapped it; KMS only. */
  readonly keyMaterialId?: string;
  /** The AWS request id; KMS only. */
  readonly requestId?: string;
}

/** A key pair. */
export interface KeyPair extends WrappedKeyPair {
  /** The private key: DER, PKCS #8. Wipe it after use. */
  readonly privateKeyPlaintext: Buffer;
}

/** The kinds of key pairs. */
export type KeyPairSpec = "RSA_2048" | "RSA_3072" | "RSA_4096" | "ECC_NIST_P256" | "ECC_NIST_P384";

/** A message whose header and length have been authenticated, to be read in any order. */
export interface OpenedMessage {
  /** The header, authenticated. */
  readonly header: MessageHeader;
  /** The length of the plaintext, authenticated, in bytes. */
  readonly size: number;
  /**
   * Reads and verifies the frames that hold these bytes, and no others.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_RANGE` if `start` lies beyond the end.
   */
  read(range?: ByteRange): Promise<Buffer>;
  /** Wipes the keys, and closes the file if `openMessage` opened it. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The result for a file. */
export interface FileResult {
  /** The length of the plaintext, in bytes. */
  readonly plaintextLength: number;
  /** The length of the message that was written, or read, in bytes. */
  readonly messageLength: number;
}

/** The result for a re-encrypted file. */
export interface ReEncryptedFile {
  /** The length of the old message, in bytes. */
  readonly oldMessageLength: number;
  /** The length of the new message, in bytes. */
  readonly messageLength: number;
}
