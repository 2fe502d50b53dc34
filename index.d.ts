/// <reference types="node" />

/**
 * Envelope encryption: AWS KMS, or a local key, wraps a data key; the data key encrypts the data,
 * natively, in the message format that every AWS Encryption SDK reads.
 *
 * @packageDocumentation
 */

import type { Transform } from "node:stream";
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
import type { OutputBuffer, OutputBytes } from "./types/output.js";
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
  KeySettings,
  MessageSource,
  ReEncryptContext,
  RewrapOptions,
  StreamOptions,
  SyncOptions,
  WarmMessagesOptions,
} from "./types/options.js";

export * from "./types/branch-key-storage.js";
export * from "./types/branch-keys.js";
export * from "./types/ecdh.js";
export * from "./types/errors.js";
export * from "./types/fields.js";
export * from "./types/keyrings.js";
export * from "./types/kms-rsa.js";
export * from "./types/output-pool.js";
export type * from "./types/message.js";
export type * from "./types/options.js";
export type * from "./types/output.js";

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
   * Makes an envelope. It makes no call of a key service.
   *
   * @param key a KMS key id, key ARN, alias (`alias/app`) or alias ARN; or `local:` and the path of
   * a key file; or options with a `keyId` or a keyring.
   * @param options settings, and the credentials for KMS, where the key is a string.
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`, `ERR_ENVELOPE_KEY_FILE`.
   */
  constructor(key: string, options?: KeySettings);
  constructor(options: EnvelopeOptions);

  /**
   * Makes an envelope and checks its keys, so that a program finds a wrong key at its start. It calls
   * KMS DescribeKey. Without permission for that, it makes a data key and unwraps it.
   *
   * @throws {EnvelopeError} what is wrong: no such key, disabled, pending deletion, not symmetric,
   * no permission, no credentials, and so on.
   */
  static open(
    key: string,
    options?: KeySettings & { readonly signal?: AbortSignal },
  ): Promise<Envelope>;
  static open(
    options: EnvelopeOptions,
    call?: { readonly signal?: AbortSignal },
  ): Promise<Envelope>;

  /**
   * Encrypts under a fresh data key: one KMS call, and one more for each additional KMS key. With a
   * cache, the data key may be in memory already; then it makes no call.
   *
   * @returns one message of the AWS Encryption SDK; by default format 2.0, suite `0x0478`.
   */
  encrypt(data: Bytes, options?: CallOptions): Promise<OutputBuffer>;

  /**
   * Decrypts one whole message: one KMS call. Nothing is returned before all of it has verified.
   *
   * @returns the plaintext.
   */
  decrypt(message: Bytes, options?: CallOptions): Promise<OutputBuffer>;

  /** Decrypts as `decrypt` does, and also returns the header, which has been authenticated. */
  decryptMessage(message: Bytes, options?: CallOptions): Promise<DecryptedMessage>;

  /**
   * Encrypts text, and returns the message as text, too: base64url, for a column, a cookie or a URL.
   *
   * @example
   * const stored: string = await envelope.encryptText("4111 1111 1111 1111");
   * const number: string = await envelope.decryptText(stored);
   */
  encryptText(text: string, options?: DataKeyOptions): Promise<string>;

  /**
   * Decrypts text.
   *
   * @param message a message as base64url or base64, or its bytes.
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT` if the plaintext is not UTF-8.
   */
  decryptText(message: Bytes, options?: DataKeyOptions): Promise<string>;

  /**
   * Encrypts a value as JSON, and returns the message as base64url. JSON cannot keep every type: a
   * `Date` comes back as a string, a `Map` as `{}`.
   */
  encryptJson(value: NonNullable<unknown> | null, options?: DataKeyOptions): Promise<string>;

  /**
   * Decrypts a value that was encrypted as JSON. Its type is not known: check it, or assert what you expect.
   *
   * @param message a message as base64url or base64, or its bytes.
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT` if the plaintext is not JSON.
   */
  decryptJson(message: Bytes, options?: DataKeyOptions): Promise<unknown>;

  /**
   * Encrypts synchronously, for keyrings that call no service, or with a warm cache.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_WOULD_BLOCK` if that needs a call of a key service.
   */
  encryptSync(data: Bytes, options?: SyncOptions): OutputBuffer;

  /**
   * Decrypts synchronously, for keyrings that call no service, or with a warm cache.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_WOULD_BLOCK` if that needs a call of a key service, or if many
   * data keys of the message would have to be tried.
   */
  decryptSync(message: Bytes, options?: SyncOptions): OutputBuffer;

  /**
   * Encrypts many items, such as the rows of a table, on all cores, with one data key and one KMS call
   * for all of them. Each becomes its own message, which `decrypt` reads, too. Suites without key
   * derivation are refused.
   *
   * @returns the messages in the order of the items. An item that could not be encrypted is `rejected`
   * with an {@link EnvelopeError}; the others are not affected. Without a data key the call rejects.
   * @example
   * const results = await envelope.encryptBatch(rows, { encryptionContext: { table: "users" } });
   */
  encryptBatch(
    items: readonly Bytes[],
    options?: DataKeyOptions,
  ): Promise<PromiseSettledResult<OutputBuffer>[]>;

  /**
   * Decrypts many messages, from batches or not. It makes one KMS call for each data key, even if many
   * messages share it.
   *
   * @returns the plaintexts in the order of the messages. A message that fails is `rejected`; the
   * others are not affected.
   */
  decryptBatch(
    messages: readonly Bytes[],
    options?: DataKeyOptions,
  ): Promise<PromiseSettledResult<OutputBuffer>[]>;

  /**
   * Returns a stream that takes plaintext and gives a message. It makes one KMS call, when the first
   * data or the end arrives.
   *
   * @example
   * await pipeline(createReadStream("a"), envelope.encryptStream(), createWriteStream("a.encrypted"));
   */
  encryptStream(options?: StreamOptions): Transform;

  /**
   * Returns a stream that takes a message and gives plaintext, each frame as soon as that frame has
   * verified. It emits `header` with the authenticated {@link MessageHeader} before any data. Only its
   * end shows that the message was whole: before that, do nothing with the plaintext that you cannot
   * undo. Signed messages are refused, because their signature comes last; see `signed`.
   */
  decryptStream(options?: DecryptStreamOptions): Transform;

  /** Returns `encryptStream` as a Web stream, for `fetch` bodies and the like. */
  encryptWebStream(options?: StreamOptions): TransformStream<Uint8Array, OutputBytes>;

  /** Returns `decryptStream` as a Web stream, for `fetch` bodies and the like. */
  decryptWebStream(options?: DecryptWebStreamOptions): TransformStream<Uint8Array, OutputBytes>;

  /**
   * Encrypts a file natively. The destination appears complete or not at all, and only its owner can
   * read it.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_FILE`, `ERR_ENVELOPE_FILE_NOT_FOUND`,
   * `ERR_ENVELOPE_FILE_EXISTS`, `ERR_ENVELOPE_DISK_FULL`.
   */
  encryptFile(
    source: string | URL,
    destination: string | URL,
    options?: FileOptions,
  ): Promise<FileResult>;

  /**
   * Decrypts a file natively. The destination appears once the whole message has verified, and only its
   * owner can read it.
   */
  decryptFile(
    source: string | URL,
    destination: string | URL,
    options?: FileOptions,
  ): Promise<FileResult>;

  /**
   * Decrypts some bytes of a message. It reads and verifies the header, the final frame (which
   * authenticates the length) and the frames that hold the bytes. The other frames are not read.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_RANGE` if `start` lies beyond the end.
   */
  decryptRange(source: MessageSource, options?: ByteRange & DataKeyOptions): Promise<OutputBuffer>;

  /** Returns the length of a message's plaintext in bytes, authenticated. */
  plaintextSize(source: MessageSource, options?: DataKeyOptions): Promise<number>;

  /** Opens a message to read several ranges of it: one KMS call for all of them. */
  openMessage(source: MessageSource, options?: DataKeyOptions): Promise<OpenedMessage>;

  /**
   * Decrypts a message and encrypts it under another envelope's key, in one native pass: the plaintext
   * never enters JavaScript. The new message has a new message id and another data key: a fresh one, or
   * with a `cache` of `to` perhaps a shared one.
   *
   * @param to the envelope of the new key.
   */
  reEncrypt(
    message: Bytes,
    to: Envelope,
    options?: CallOptions & ReEncryptContext,
  ): Promise<OutputBuffer>;

  /** Returns a stream that takes a message and gives one under the key of the envelope `to`. */
  reEncryptStream(to: Envelope, options?: StreamOptions & ReEncryptContext): Transform;

  /** Re-encrypts from file to file. The destination appears complete or not at all. */
  reEncryptFile(
    source: string | URL,
    destination: string | URL,
    to: Envelope,
    options?: FileOptions & ReEncryptContext,
  ): Promise<ReEncryptedFile>;

  /**
   * Fills the cache for messages with this encryption context: one KMS call, unless the cache has a
   * data key for it. After that `encrypt` makes no call and `encryptSync` works, also under a KMS key.
   * The same is true of `decrypt` and `decryptSync` for the messages that were encrypted under that
   * data key.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT` without the option `cache`.
   */
  warm(options?: DataKeyOptions): Promise<void>;

  /**
   * Fills the cache for decrypting these messages: one KMS call for each data key, at most 32 at once.
   * After that `decryptSync` works. Each header is verified; the rest of a message is not read.
   *
   * @returns for an array, the outcome for each message, in their order. A message is `rejected` if it
   * cannot be decrypted, or if the cache has no room for its data key; the others are not affected. For
   * one message it returns nothing, and rejects if that fails.
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT` without the option `cache`.
   * @example
   * await envelope.warm({ messages: rows.map((row) => row.encrypted) });
   */
  warm(options: WarmMessagesOptions<Bytes>): Promise<void>;
  warm(options: WarmMessagesOptions<readonly Bytes[]>): Promise<PromiseSettledResult<void>[]>;

  /** Empties the cache. Data keys in use are wiped when their messages end. */
  clearCache(): void;

  /** Returns counts of this envelope: messages, bytes, cache hits, calls of key services. */
  stats(): EnvelopeStats;

  /**
   * Makes a data key for use outside a message (KMS GenerateDataKey). Wipe `plaintext` after use
   * (`plaintext.fill(0)`), and store `ciphertextBlob`.
   */
  generateDataKey(options?: GenerateDataKeyOptions): Promise<GeneratedDataKey>;

  /**
   * Unwraps a data key (KMS Decrypt) with the keys of this keyring, and no others. Wipe `plaintext`
   * after use.
   *
   * @param ciphertextBlob what `generateDataKey` returned.
   * @param options the same encryption context as when it was generated.
   */
  decryptDataKey(ciphertextBlob: Bytes, options?: DataKeyOptions): Promise<DecryptedDataKey>;

  /** Makes a data key to use later, and returns its wrapped form only (KMS GenerateDataKeyWithoutPlaintext). */
  generateDataKeyWithoutPlaintext(options?: GenerateDataKeyOptions): Promise<WrappedDataKey>;

  /**
   * Makes a key pair (KMS GenerateDataKeyPair). Wipe `privateKeyPlaintext` after use, and store
   * `privateKeyCiphertextBlob`, which `decryptDataKey` unwraps.
   */
  generateDataKeyPair(options?: GenerateDataKeyPairOptions): Promise<KeyPair>;

  /** Makes a key pair, and returns the private key in wrapped form only. */
  generateDataKeyPairWithoutPlaintext(
    options?: GenerateDataKeyPairOptions,
  ): Promise<WrappedKeyPair>;

  /**
   * Wraps a data key again under the key of another envelope. For KMS keys this is KMS ReEncrypt: the
   * data key never leaves KMS, and both keys must be KMS keys of one Region.
   *
   * @param ciphertextBlob what `generateDataKey` or `encryptDirect` returned.
   */
  rewrapDataKey(
    ciphertextBlob: Bytes,
    to: Envelope,
    options?: RewrapOptions,
  ): Promise<WrappedDataKey>;

  /**
   * Encrypts 1 to 4,096 bytes under the key itself (KMS Encrypt). The plaintext is sent to KMS. For
   * anything else, use `encrypt`.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_LIMIT_EXCEEDED` if it is longer; nothing was called.
   */
  encryptDirect(data: Bytes, options?: DataKeyOptions): Promise<WrappedDataKey>;

  /** Decrypts what `encryptDirect` returned (KMS Decrypt). */
  decryptDirect(ciphertextBlob: Bytes, options?: DataKeyOptions): Promise<DecryptedDataKey>;
}

/** Calls {@link Envelope.encrypt} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encrypt(data: Bytes, options?: CallOptions & KeyOption): Promise<OutputBuffer>;

/** Calls {@link Envelope.decrypt} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decrypt(message: Bytes, options?: CallOptions & KeyOption): Promise<OutputBuffer>;

/** Calls {@link Envelope.encryptText} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encryptText(text: string, options?: DataKeyOptions & KeyOption): Promise<string>;

/** Calls {@link Envelope.decryptText} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decryptText(message: Bytes, options?: DataKeyOptions & KeyOption): Promise<string>;

/** Calls {@link Envelope.encryptJson} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encryptJson(
  value: NonNullable<unknown> | null,
  options?: DataKeyOptions & KeyOption,
): Promise<string>;

/** Calls {@link Envelope.decryptJson} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decryptJson(message: Bytes, options?: DataKeyOptions & KeyOption): Promise<unknown>;

/** Calls {@link Envelope.encryptStream} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function encryptStream(options?: StreamOptions & KeyOption): Transform;

/** Calls {@link Envelope.decryptStream} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decryptStream(options?: DecryptStreamOptions & KeyOption): Transform;

/** Calls {@link Envelope.generateDataKey} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function generateDataKey(
  options?: GenerateDataKeyOptions & KeyOption,
): Promise<GeneratedDataKey>;

/** Calls {@link Envelope.decryptDataKey} with the key that `keyId` or `ENCRYPTION_KEY_ID` names. */
export function decryptDataKey(
  ciphertextBlob: Bytes,
  options?: DataKeyOptions & KeyOption,
): Promise<DecryptedDataKey>;

/**
 * Whether this process encrypts with AWS-LC's FIPS module: true only if the addon was built with it.
 * Such an addon refuses the algorithms that docs/fips.md lists with `ERR_ENVELOPE_NOT_APPROVED`, and
 * calls KMS at its FIPS endpoints, unless you configure another endpoint.
 */
export const fips: boolean;

/**
 * Reads the header of a message without a key. Nothing in it is authenticated, so base no decision on
 * it.
 *
 * @param message a message, or its first bytes.
 * @throws {EnvelopeError} `ERR_ENVELOPE_MALFORMED_MESSAGE`, `ERR_ENVELOPE_TRUNCATED_MESSAGE`,
 * `ERR_ENVELOPE_UNSUPPORTED_MESSAGE`, `ERR_ENVELOPE_LIMIT_EXCEEDED`.
 */
export function inspect(message: Bytes): MessageHeader;
