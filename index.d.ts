/**
 * Envelope encryption: AWS KMS, or a local key, wraps a data key; the data key encrypts the data,
 * natively, in the message format that every AWS Encryption SDK reads.
 *
 * @packageDocumentation
 */

import type { Transform } from "node:stream";
import type { TransformStream } from "node:stream/web";
import type {
  DecryptedDataKey,
  DecryptedMessage,
  FileResult,
  GeneratedDataKey,
  KeyPair,
  MessageHeader,
  OpenedMessage,
  ReEncryptedFile,
  WrappedDataKey,
  WrappedKeyPair,
} from "./types/message.js";
import type {
  Bytes,
  ByteRange,
  CallOptions,
  DataKeyOptions,
  DecryptStreamOptions,
  DecryptWebStreamOptions,
  EnvelopeOptions,
  EnvelopeStats,
  FileOptions,
  GenerateDataKeyOptions,
  GenerateDataKeyPairOptions,
  KeyOption,
  MessageSource,
  ReEncryptContext,
  RewrapOptions,
  StreamOptions,
  SyncOptions,
} from "./types/options.js";

export * from "./types/errors.js";
export * from "./types/fields.js";
export * from "./types/keyrings.js";
export type * from "./types/message.js";
export type * from "./types/options.js";

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
   * As the constructor, but checks the keys first, to find at the start of a program what would fail
   * later: by KMS DescribeKey, or by a trial where the caller may not call that. Nothing is changed.
   *
   * @throws {EnvelopeError} what is wrong: no such key, disabled, pending deletion, not symmetric,
   * no permission, no credentials, and so on.
   */
  static open(
    key: string | EnvelopeOptions,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Envelope>;

  /**
   * Encrypts under a fresh data key: one KMS call, and one more for each additional KMS key.
   *
   * @returns one message of the AWS Encryption SDK; by default format 2.0, suite `0x0478`.
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
   * As `encrypt`, at once; for keyrings that call no service, or with a warm cache.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_WOULD_BLOCK` under a KMS key.
   */
  encryptSync(data: Bytes, options?: SyncOptions): Buffer;

  /**
   * As `decrypt`, at once; for keyrings that call no service, or with a warm cache.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_WOULD_BLOCK` under a KMS key.
   */
  decryptSync(message: Bytes, options?: SyncOptions): Buffer;

  /**
   * Encrypts many items, such as the rows of a table: one data key and one KMS call for all of them,
   * and all cores. Each becomes a message of its own, which `decrypt` reads, too. Not for suites
   * without key derivation.
   *
   * @returns the messages in the items' order; an item that could not be encrypted is `rejected` with
   * an {@link EnvelopeError}, and no other. Without a data key the call itself rejects.
   * @example
   * const results = await envelope.encryptBatch(rows, { encryptionContext: { table: "users" } });
   */
  encryptBatch(
    items: readonly Bytes[],
    options?: DataKeyOptions,
  ): Promise<PromiseSettledResult<Buffer>[]>;

  /**
   * Decrypts many messages, of batches or not: one KMS call for each data key, however many messages
   * have it.
   *
   * @returns the plaintexts in the messages' order; those that fail are `rejected`, and no other.
   */
  decryptBatch(
    messages: readonly Bytes[],
    options?: DataKeyOptions,
  ): Promise<PromiseSettledResult<Buffer>[]>;

  /**
   * A stream that plaintext goes into and a message comes out of. One KMS call, when the first data
   * or the end arrives.
   *
   * @example
   * await pipeline(createReadStream("a"), envelope.encryptStream(), createWriteStream("a.encrypted"));
   */
  encryptStream(options?: StreamOptions): Transform;

  /**
   * A stream that a message goes into and plaintext comes out of, each frame as soon as it has
   * verified. It emits `header` with the authenticated {@link MessageHeader} before any data, and
   * ends well only if the message was whole: until then, do not act on the plaintext for good.
   * Signed messages are refused, as their signature comes last, unless `signed` says otherwise.
   */
  decryptStream(options?: DecryptStreamOptions): Transform;

  /** `encryptStream` for `fetch` bodies and other Web streams. */
  encryptWebStream(options?: StreamOptions): TransformStream<Uint8Array, Uint8Array>;

  /** `decryptStream` for `fetch` bodies and other Web streams. */
  decryptWebStream(options?: DecryptWebStreamOptions): TransformStream<Uint8Array, Uint8Array>;

  /**
   * Encrypts a file, natively. The destination appears complete or not at all, and only its owner
   * can read it.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_FILE`, `ERR_ENVELOPE_FILE_NOT_FOUND`,
   * `ERR_ENVELOPE_FILE_EXISTS`, `ERR_ENVELOPE_DISK_FULL`.
   */
  encryptFile(
    source: string | URL,
    destination: string | URL,
    options?: FileOptions,
  ): Promise<FileResult>;

  /** Decrypts a file, as `encryptFile` encrypts it. */
  decryptFile(
    source: string | URL,
    destination: string | URL,
    options?: FileOptions,
  ): Promise<FileResult>;

  /**
   * Decrypts some bytes of a message. It reads the header, the final frame (which authenticates the
   * length) and the frames that hold the bytes, and verifies all that it returns.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_RANGE` if `start` lies beyond the end.
   */
  decryptRange(source: MessageSource, options?: ByteRange & DataKeyOptions): Promise<Buffer>;

  /** The length of a message's plaintext in bytes, authenticated. */
  plaintextSize(source: MessageSource, options?: DataKeyOptions): Promise<number>;

  /** Opens a message to read several ranges of it: one KMS call for all of them. */
  openMessage(source: MessageSource, options?: DataKeyOptions): Promise<OpenedMessage>;

  /**
   * Decrypts a message and encrypts it under another envelope's key, in one native pass: the
   * plaintext never enters JavaScript. The new message has a data key and a message id of its own.
   *
   * @param to the envelope of the new key.
   */
  reEncrypt(
    message: Bytes,
    to: Envelope,
    options?: CallOptions & ReEncryptContext,
  ): Promise<Buffer>;

  /** `reEncrypt` as a stream. */
  reEncryptStream(to: Envelope, options?: StreamOptions & ReEncryptContext): Transform;

  /** `reEncrypt` from file to file. */
  reEncryptFile(
    source: string | URL,
    destination: string | URL,
    to: Envelope,
    options?: FileOptions & ReEncryptContext,
  ): Promise<ReEncryptedFile>;

  /**
   * Fills the cache for messages with this encryption context: one KMS call, unless it is warm. Then
   * `encrypt` resolves at once and `encryptSync` works, also under a KMS key.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT` without the option `cache`.
   */
  warm(options?: DataKeyOptions): Promise<void>;

  /** Forgets the cached data keys; those in use are wiped when their messages end. */
  clearCache(): void;

  /** What this envelope has done. */
  stats(): EnvelopeStats;

  /**
   * Makes a data key for use outside a message: KMS GenerateDataKey. Wipe `plaintext` after use
   * (`plaintext.fill(0)`), and store `ciphertextBlob`.
   */
  generateDataKey(options?: GenerateDataKeyOptions): Promise<GeneratedDataKey>;

  /**
   * Unwraps a data key: KMS Decrypt, under this keyring's keys and no other. Wipe `plaintext` after
   * use.
   *
   * @param ciphertextBlob what `generateDataKey` returned.
   * @param options the same encryption context as when it was generated.
   */
  decryptDataKey(ciphertextBlob: Bytes, options?: DataKeyOptions): Promise<DecryptedDataKey>;

  /** As `generateDataKey`, for later: KMS GenerateDataKeyWithoutPlaintext. */
  generateDataKeyWithoutPlaintext(options?: GenerateDataKeyOptions): Promise<WrappedDataKey>;

  /**
   * Makes a key pair: KMS GenerateDataKeyPair. Wipe `privateKeyPlaintext` after use, and store
   * `privateKeyCiphertextBlob`, which `decryptDataKey` unwraps.
   */
  generateDataKeyPair(options?: GenerateDataKeyPairOptions): Promise<KeyPair>;

  /** As `generateDataKeyPair`, but nobody sees the private key. */
  generateDataKeyPairWithoutPlaintext(
    options?: GenerateDataKeyPairOptions,
  ): Promise<WrappedKeyPair>;

  /**
   * Wraps a data key again under the key of another envelope. From KMS it is KMS ReEncrypt, so that
   * the data key never leaves KMS: both keys must be of KMS, in one Region.
   *
   * @param ciphertextBlob what `generateDataKey` or `encryptDirect` returned.
   */
  rewrapDataKey(
    ciphertextBlob: Bytes,
    to: Envelope,
    options?: RewrapOptions,
  ): Promise<WrappedDataKey>;

  /**
   * Encrypts 1 to 4,096 bytes under the key itself: KMS Encrypt. The plaintext goes to KMS; for
   * anything else use `encrypt`.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_LIMIT_EXCEEDED` if it is longer; nothing was called.
   */
  encryptDirect(data: Bytes, options?: DataKeyOptions): Promise<WrappedDataKey>;

  /** Decrypts what `encryptDirect` returned: KMS Decrypt. */
  decryptDirect(ciphertextBlob: Bytes, options?: DataKeyOptions): Promise<DecryptedDataKey>;
}

/** {@link Envelope.encrypt} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encrypt(data: Bytes, options?: CallOptions & KeyOption): Promise<Buffer>;

/** {@link Envelope.decrypt} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decrypt(message: Bytes, options?: CallOptions & KeyOption): Promise<Buffer>;

/** {@link Envelope.encryptStream} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encryptStream(options?: StreamOptions & KeyOption): Transform;

/** {@link Envelope.decryptStream} under the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decryptStream(options?: StreamOptions & KeyOption): Transform;

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
