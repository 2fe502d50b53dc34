/**
 * Envelope encryption: AWS KMS, or a local key, wraps a data key; the data key encrypts the data,
 * natively, in the message format that every AWS Encryption SDK reads.
 *
 * @packageDocumentation
 */

/** What can be encrypted or decrypted; strings are encoded as UTF-8. Never shared memory. */
export type Bytes = string | ArrayBuffer | ArrayBufferView;

/**
 * Public pairs of strings that a message carries and authenticates, such as
 * `{ tenant: "acme", purpose: "invoice" }`. They are not secret: they stand in the message, and in
 * AWS CloudTrail. Keys must not start with `aws-crypto-`; all pairs together take at most 65,535
 * bytes.
 */
export type EncryptionContext = Readonly<Record<string, string>>;

/** What every call under a key takes. */
export interface DataKeyOptions {
  /**
   * When encrypting: the pairs that the message is to carry and authenticate. When decrypting:
   * pairs that the message must carry, else the call fails with `ERR_ENVELOPE_CONTEXT_MISMATCH`;
   * it may carry more.
   */
  readonly encryptionContext?: EncryptionContext;
  /** Ends the call, and the request to KMS in flight; it rejects with `ERR_ENVELOPE_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** What the synchronous calls take. */
export interface SyncOptions {
  /** As in {@link DataKeyOptions.encryptionContext}. */
  readonly encryptionContext?: EncryptionContext;
  /**
   * A buffer of your own to write the output into; the Buffer that is returned is a view of it. It
   * must not overlap the input. To decrypt, the length of the message is always enough; to encrypt,
   * the plaintext's length, 32 bytes for each frame, and 40 bytes and the header. If it is too
   * short, the error says how many bytes are needed. After any other error its content is undefined
   * (when decrypting: zeros).
   */
  readonly into?: Uint8Array;
}

/** What `encrypt` and `decrypt` take. The data must not be changed until they have resolved. */
export interface CallOptions extends DataKeyOptions, SyncOptions {}

/** What `generateDataKey` takes: a `keySpec` or a `numberOfBytes`, by default `AES_256`. */
export interface GenerateDataKeyOptions extends DataKeyOptions {
  /** `AES_256` for 32 bytes, `AES_128` for 16. */
  readonly keySpec?: "AES_256" | "AES_128";
  /** The length of the data key in bytes, from 1 to 1024. */
  readonly numberOfBytes?: number;
}

/** Names the key of a module function. */
export interface KeyOption {
  /** A key as in `new Envelope(key)`; by default the environment variable `ENCRYPTION_KEY_ID`. */
  readonly keyId?: string;
}

/** How an {@link Envelope} works. */
export interface EnvelopeOptions {
  /** Wraps and unwraps the data keys. */
  readonly keyring: Keyring;
  /**
   * The plaintext length of each frame in bytes, from 1 to 4,294,967,295; by default 65,536. A
   * frame is verified as a whole before any byte of it is released.
   */
  readonly frameLength?: number;
  /** The most encrypted data keys that a message may have, from 1 to 65,535; by default any. */
  readonly maxEncryptedDataKeys?: number;
}

/**
 * Encrypts and decrypts under one key.
 *
 * @example
 * const envelope = new Envelope("alias/app");
 * const message = await envelope.encrypt("hello", { encryptionContext: { purpose: "greeting" } });
 * const plaintext = await envelope.decrypt(message);
 */
export class Envelope {
  /**
   * Nothing is called yet.
   *
   * @param key a KMS key id, key ARN, alias (`alias/app`) or alias ARN; or `local:` and the path of
   * a key file; or options with a keyring.
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`, `ERR_ENVELOPE_KEY_FILE`.
   */
  constructor(key: string | EnvelopeOptions);

  /**
   * Encrypts under a fresh data key: one KMS call.
   *
   * @returns one message of the AWS Encryption SDK (format 2.0, suite `0x0478`).
   */
  encrypt(data: Bytes, options?: CallOptions): Promise<Buffer>;

  /**
   * Decrypts one whole message: one KMS call. Nothing is returned before all of it has verified.
   *
   * @returns the plaintext.
   */
  decrypt(message: Bytes, options?: CallOptions): Promise<Buffer>;

  /** As `decrypt`, with the header, which has been authenticated. */
  decryptMessage(message: Bytes, options?: CallOptions): Promise<DecryptedMessage>;

  /**
   * As `encrypt`, at once; for keyrings that call no service.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_WOULD_BLOCK` under a KMS key.
   */
  encryptSync(data: Bytes, options?: SyncOptions): Buffer;

  /**
   * As `decrypt`, at once; for keyrings that call no service.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_WOULD_BLOCK` under a KMS key.
   */
  decryptSync(message: Bytes, options?: SyncOptions): Buffer;

  /**
   * Makes a data key for use outside a message: KMS GenerateDataKey. Wipe `plaintext` after use
   * (`plaintext.fill(0)`), and store `ciphertextBlob`.
   */
  generateDataKey(options?: GenerateDataKeyOptions): Promise<GeneratedDataKey>;

  /**
   * Unwraps a data key: KMS Decrypt, under this key and no other. Wipe `plaintext` after use.
   *
   * @param ciphertextBlob what `generateDataKey` returned.
   * @param options the same encryption context as when it was generated.
   */
  decryptDataKey(ciphertextBlob: Bytes, options?: DataKeyOptions): Promise<DecryptedDataKey>;
}

/** A decrypted message. */
export interface DecryptedMessage {
  /** What was encrypted. */
  readonly plaintext: Buffer;
  /** The header, authenticated. */
  readonly header: MessageHeader;
}

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
  readonly id: number;
  /** The name in the specification. */
  readonly name: string;
  /** Whether a message commits to its data key. */
  readonly committing: boolean;
  /** Whether a message is signed. */
  readonly signed: boolean;
}

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

/** {@link Envelope.encrypt} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encrypt(data: Bytes, options?: CallOptions & KeyOption): Promise<Buffer>;

/** {@link Envelope.decrypt} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decrypt(message: Bytes, options?: CallOptions & KeyOption): Promise<Buffer>;

/** {@link Envelope.generateDataKey} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function generateDataKey(
  options?: GenerateDataKeyOptions & KeyOption,
): Promise<GeneratedDataKey>;

/** {@link Envelope.decryptDataKey} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decryptDataKey(
  ciphertextBlob: Bytes,
  options?: DataKeyOptions & KeyOption,
): Promise<DecryptedDataKey>;

/**
 * Reads the header of a message without a key. Nothing of it is authenticated: use it to look, not
 * to decide.
 *
 * @param message a message, or its first bytes.
 * @throws {EnvelopeError} `ERR_ENVELOPE_MALFORMED_MESSAGE`, `ERR_ENVELOPE_TRUNCATED_MESSAGE`,
 * `ERR_ENVELOPE_UNSUPPORTED_MESSAGE`, `ERR_ENVELOPE_LIMIT_EXCEEDED`.
 */
export function inspect(message: Bytes): MessageHeader;

/** What every call throws or rejects with. */
export class EnvelopeError extends Error {
  private constructor();
  /** What happened; never changes from release to release. */
  readonly code: EnvelopeErrorCode;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** The AWS request id, where KMS answered. */
  readonly requestId: string | undefined;
  /** The reason of each key that was tried, where several were. */
  readonly errors: readonly EnvelopeError[];
}

/** The codes of {@link EnvelopeError}; `docs/errors.md` says what to do about each. */
export type EnvelopeErrorCode =
  /** A wrong argument or option; nothing was done. */
  | "ERR_ENVELOPE_INVALID_ARGUMENT"
  /** A synchronous call needs a key service; use the asynchronous one. */
  | "ERR_ENVELOPE_WOULD_BLOCK"
  /** The caller's `AbortSignal` fired; `name` is `AbortError`, `cause` the signal's reason. */
  | "ERR_ENVELOPE_ABORTED"
  /** Bytes that are not a message, or break a rule of the format. */
  | "ERR_ENVELOPE_MALFORMED_MESSAGE"
  /** The message ends before its final frame does. */
  | "ERR_ENVELOPE_TRUNCATED_MESSAGE"
  /** A version, suite or content type that this release does not read. */
  | "ERR_ENVELOPE_UNSUPPORTED_MESSAGE"
  /** The message's suite has no key commitment, and the policy requires it. */
  | "ERR_ENVELOPE_COMMITMENT_POLICY"
  /** A tag or the key commitment does not verify: the message was changed. */
  | "ERR_ENVELOPE_AUTHENTICATION_FAILED"
  /** The message lacks a pair that the caller expects in its encryption context. */
  | "ERR_ENVELOPE_CONTEXT_MISMATCH"
  /** None of the message's encrypted data keys could be unwrapped. */
  | "ERR_ENVELOPE_NO_USABLE_KEY"
  /** A limit of the format or of the caller was passed. */
  | "ERR_ENVELOPE_LIMIT_EXCEEDED"
  /** The local key file is missing, malformed, or readable by others. */
  | "ERR_ENVELOPE_KEY_FILE"
  /** No AWS credentials were found. */
  | "ERR_ENVELOPE_KMS_NO_CREDENTIALS"
  /** AWS does not accept the credentials: expired, unknown or wrongly signed. */
  | "ERR_ENVELOPE_KMS_BAD_CREDENTIALS"
  /** No AWS Region is configured. */
  | "ERR_ENVELOPE_KMS_NO_REGION"
  /** The caller may not use the KMS key. */
  | "ERR_ENVELOPE_KMS_ACCESS_DENIED"
  /** The KMS key or alias does not exist in that account and Region. */
  | "ERR_ENVELOPE_KMS_KEY_NOT_FOUND"
  /** The KMS key is disabled. */
  | "ERR_ENVELOPE_KMS_KEY_DISABLED"
  /** The KMS key is pending deletion, pending import, or otherwise not usable. */
  | "ERR_ENVELOPE_KMS_KEY_STATE"
  /** The KMS key is not for symmetric encryption. */
  | "ERR_ENVELOPE_KMS_KEY_USAGE"
  /** KMS says that the data key was wrapped under another key. */
  | "ERR_ENVELOPE_KMS_WRONG_KEY"
  /** KMS cannot unwrap the data key: it, or the encryption context, was changed. */
  | "ERR_ENVELOPE_KMS_INVALID_CIPHERTEXT"
  /** KMS asks to slow down; the retries are used up. */
  | "ERR_ENVELOPE_KMS_THROTTLED"
  /** KMS did not answer in time. */
  | "ERR_ENVELOPE_KMS_TIMEOUT"
  /** No connection to KMS. */
  | "ERR_ENVELOPE_KMS_UNREACHABLE"
  /** KMS failed (5xx), or its answer makes no sense. */
  | "ERR_ENVELOPE_KMS_INTERNAL"
  /** KMS refused the request for another reason. */
  | "ERR_ENVELOPE_KMS_REJECTED"
  /** A fault of this package; please report it. */
  | "ERR_ENVELOPE_INTERNAL";
