// Objects of the Amazon S3 Encryption Clients, by themselves: without S3.

import type { Bytes, CommitmentPolicy, EncryptionContext, Keyring } from "../../index";

/** An object as it is stored: what S3 answers, or what another store holds. */
export interface StoredS3Object {
  /** The whole body. */
  readonly body: Uint8Array;
  /**
   * The object's user metadata, as `GetObject` answers it: names without `x-amz-meta-`. Characters
   * beyond ASCII that S3 has changed are restored.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The instruction file beside the object, if its data key is stored there: text, bytes or pairs. */
  readonly instructionFile?: string | Uint8Array | Readonly<Record<string, string>>;
}

/** How an object is read. */
export interface DecryptS3Options {
  /** The key: an `AwsKmsKeyring`, a `RawAesKeyring` or a `RawRsaKeyring`, as the object was written. */
  readonly keyring: Keyring;
  /** For objects under KMS keys: exactly the pairs that the object was written with. */
  readonly encryptionContext?: EncryptionContext;
  /**
   * Which objects may be read. By default `requireEncryptRequireDecrypt`: only V3, which commits to
   * its key. `requireEncryptAllowDecrypt` also reads V1 and V2.
   */
  readonly commitmentPolicy?: CommitmentPolicy;
  /**
   * Whether to unwrap data keys that are not bound to the algorithm of the content: those of V1, of
   * Amazon SES (`kms`), AES key wrap, and RSA-OAEP with SHA-256. By default they are refused.
   */
  readonly legacyWrapping?: boolean;
  /** Whether to read AES-CBC content, which is not authenticated. By default it is refused. */
  readonly legacyContent?: boolean;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** How an object is written. */
export interface EncryptS3Options {
  /** The key: an `AwsKmsKeyring`, a `RawAesKeyring` or a `RawRsaKeyring`. */
  readonly keyring: Keyring;
  /** For KMS keys: public pairs that readers must give, too. */
  readonly encryptionContext?: EncryptionContext;
  /** By default `requireEncryptRequireDecrypt`; to write V2, `forbidEncryptAllowDecrypt`. */
  readonly commitmentPolicy?: CommitmentPolicy;
  /**
   * By default the format that the policy allows: V3, which commits to its key, or V2, for old readers.
   */
  readonly format?: "V2" | "V3";
  /** Where the wrapped data key is stored; by default in the metadata, of which S3 allows 2 KiB. */
  readonly storage?: "metadata" | "instructionFile";
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** A new object, to be stored. */
export interface EncryptedS3Object {
  /** The body. */
  readonly body: Buffer;
  /** The user metadata, for `PutObject`: names without `x-amz-meta-`, all of it ASCII. */
  readonly metadata: Record<string, string>;
  /** The text of the instruction file, whose key is the object's and `.instruction`; or nothing. */
  readonly instructionFile: string | undefined;
}

/**
 * Decrypts an object of an S3 Encryption Client, of the formats V1, V2 and V3; resolves to the
 * plaintext once all of the body has verified.
 *
 * Rejects with an `EnvelopeError`: `ERR_ENVELOPE_COMMITMENT_POLICY` or `ERR_ENVELOPE_LEGACY_ALGORITHM`
 * for an object that the options do not allow, `ERR_ENVELOPE_CONTEXT_MISMATCH` for another context,
 * `ERR_ENVELOPE_AUTHENTICATION_FAILED` for a changed object.
 */
export function decryptS3Object(object: StoredS3Object, options: DecryptS3Options): Promise<Buffer>;

/** Encrypts data as an object that every S3 Encryption Client of its format reads. */
export function encryptS3Object(data: Bytes, options: EncryptS3Options): Promise<EncryptedS3Object>;
