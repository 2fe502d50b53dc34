// What goes in: data, encryption contexts, and the options of each call.
import type { KeyPairSpec } from "./message.js";
import type { FileHandle } from "node:fs/promises";
import type { Keyring } from "./keyrings.js";
import type { AlgorithmSuiteId, AlgorithmSuiteName, MessageHeader } from "./message.js";

/**
 * What can be encrypted or decrypted; strings are encoded as UTF-8, and must be well-formed. Never
 * shared memory. Do not change, transfer or resize it before the call has ended: bytes that are gone
 * then are an error, `ERR_ENVELOPE_INVALID_ARGUMENT`.
 */
export type Bytes = string | ArrayBuffer | ArrayBufferView;

/**
 * Public pairs of strings that a message carries and authenticates, such as
 * `{ tenant: "acme", purpose: "invoice" }`. They are not secret: they stand in the message, and in
 * AWS CloudTrail. Keys must not start with `aws-crypto-`; all pairs together take at most 65,535
 * bytes.
 *
 * A plain object, as all options are: a literal, parsed JSON, or an object without a prototype. An
 * instance of a class, a getter, a symbol as a key, a Map, an array or a Proxy is refused, as its
 * pairs would be left out; copy the values of an entity into a literal.
 */
export type EncryptionContext = Readonly<Record<string, string>>;

/** What every call under a key takes. */
export interface DataKeyOptions {
  /**
   * When encrypting: the pairs that the message is to carry and authenticate. When decrypting:
   * pairs that the message must carry, else the call fails with `ERR_ENVELOPE_CONTEXT_MISMATCH`;
   * it may carry more. Those of {@link EnvelopeOptions.requiredContextKeys} must be given.
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
   * the plaintext's length, 32 bytes for each frame, 40 bytes, the header, and 106 bytes for a
   * signature. If it is too short, the error says how many bytes are needed. After any other error its content is undefined
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

/** What `generateDataKeyPair` takes. */
export interface GenerateDataKeyPairOptions extends DataKeyOptions {
  /** By default `RSA_2048`. */
  readonly keyPairSpec?: KeyPairSpec;
}

/** What `rewrapDataKey` takes. */
export interface RewrapOptions extends DataKeyOptions {
  /** What the new wrapped form is bound to; by default `encryptionContext`. */
  readonly newEncryptionContext?: EncryptionContext;
}

/** What the streams take. */
export interface StreamOptions extends DataKeyOptions {
  /**
   * The length that the plaintext must have, in bytes; another one ends the stream with
   * `ERR_ENVELOPE_LENGTH_MISMATCH`.
   */
  readonly plaintextLength?: number;
}

/** What `decryptStream` takes. */
export interface DecryptStreamOptions extends StreamOptions {
  /**
   * What to do with a signed message, whose signature comes last. `"refuse"`, the default, fails
   * with `ERR_ENVELOPE_SIGNED_MESSAGE`. `"release-before-verified"` lets plaintext out that the
   * data key has authenticated, but the signature not yet, all but the last frame: do not act on it
   * for good before the stream has ended well.
   */
  readonly signed?: "refuse" | "release-before-verified";
}

/** What `decryptWebStream` takes. */
export interface DecryptWebStreamOptions extends DecryptStreamOptions {
  /**
   * Is called once, with the authenticated header, before the first plaintext. What it throws ends
   * the stream; a promise that it returns is waited for.
   */
  readonly onHeader?: (header: MessageHeader) => void;
}

/** What `encryptFile` and `decryptFile` take. */
export interface FileOptions extends DataKeyOptions {
  /** Whether an existing destination is replaced; by default it is an error. */
  readonly overwrite?: boolean;
  /**
   * Is called about ten times a second, and once at the end. What it throws, or what a promise of it
   * rejects with, ends the call; at the end the destination is there already.
   */
  readonly onProgress?: (progress: Progress) => void;
}

/** How far a file is. */
export interface Progress {
  /** How much of the source has been read, in bytes. */
  readonly bytesDone: number;
  /** The length of the source, in bytes. */
  readonly bytesTotal: number;
}

/** What the `reEncrypt` calls take beside their own options. */
export interface ReEncryptContext {
  /** The new message's encryption context; by default the old one's. */
  readonly newEncryptionContext?: EncryptionContext;
}

/** Which bytes of a plaintext. */
export interface ByteRange {
  /** The first byte; by default 0. */
  readonly start?: number;
  /** The byte after the last; by default, and at most, the end of the plaintext. */
  readonly end?: number;
}

/** Where a message lies: in memory, at a path, in an open file, or anywhere that has ranges. */
export type MessageSource = Exclude<Bytes, string> | string | URL | FileHandle | RangedSource;

/** A message that is read by ranges, such as an object in S3. */
export interface RangedSource {
  /** The length of the whole message, in bytes. */
  readonly size: number;
  /**
   * How long one read may take in milliseconds, up to 86,400,000; by default 120,000 (2 minutes).
   * After that the call fails with `ERR_ENVELOPE_SOURCE_TIMEOUT`.
   */
  readonly timeoutMs?: number;
  /** Exactly the bytes from `start` up to, and without, `end`; what it throws comes out unchanged. */
  read(start: number, end: number): Uint8Array | Promise<Uint8Array>;
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
   * How new messages are encrypted, by the specification's name or id. By default without a
   * signature: `AES_256_GCM_HKDF_SHA512_COMMIT_KEY`. With `..._ECDSA_P384` a message also shows
   * that whoever decrypts it has not made it; that costs a signature for each message, and such
   * messages cannot be read by ranges.
   */
  readonly algorithmSuite?: AlgorithmSuiteName | AlgorithmSuiteId;
  /**
   * Which suites are written and read, by whether they commit to the data key. By default
   * `"requireEncryptRequireDecrypt"`: only those that do. Messages of older Encryption SDKs are
   * read with `"requireEncryptAllowDecrypt"`; `"forbidEncryptAllowDecrypt"` also writes what those
   * can read.
   */
  readonly commitmentPolicy?: CommitmentPolicy;
  /**
   * The plaintext length of each frame in bytes, from 1 to 4,294,967,295; by default 65,536. A
   * frame is verified as a whole before any byte of it is released. The Encryption SDK for Python
   * reads none that is longer than 2,147,483,647.
   */
  readonly frameLength?: number;
  /**
   * The most encrypted data keys that a message may have, from 1 to 65,535; by default any. Each may
   * cost a call of KMS or an operation with an RSA key: set it for messages from strangers.
   */
  readonly maxEncryptedDataKeys?: number;
  /**
   * The longest plaintext of a message, in bytes, to encrypt and to decrypt, as a whole or in ranges;
   * by default any.
   */
  readonly maxPlaintextLength?: number;
  /**
   * How long the encrypted data keys of one message may be tried, all together, in milliseconds; by
   * default 60,000. It holds beside the `timeoutMs` of each call of a key service.
   */
  readonly unwrapTimeoutMs?: number;
  /**
   * Keys of the encryption context that messages authenticate but do not store: give their values
   * to encrypt, and the same values to decrypt.
   */
  readonly requiredContextKeys?: readonly string[];
  /**
   * The names of the keys that may wrap a message's data key: ARNs of KMS keys, key names of
   * others. Data keys that other keys wrapped are left alone; by default none is.
   */
  readonly allowedKeys?: readonly string[];
  /**
   * Keeps data keys for more messages, so that not each of them calls the key service; by default
   * each message has a data key of its own. `{}` takes the limits that are given below.
   */
  readonly cache?: CacheOptions;
}

/**
 * How long a data key is kept, and for what: messages with one encryption context. Each message
 * still has a key of its own, which it derives from the data key and its message id. Within
 * `maxAgeMs` a caller decrypts although the key service would refuse by now.
 */
export interface CacheOptions {
  /** How long after it was made, in milliseconds; by default 300,000 (5 minutes). */
  readonly maxAgeMs?: number;
  /** How many messages are encrypted with it; by default 100,000. A batch may not have more. */
  readonly maxMessages?: number;
  /**
   * How many bytes of plaintext are encrypted with it; by default 2^40. A stream without
   * `plaintextLength` counts as it goes, and ends with the data key that it began with.
   */
  readonly maxBytes?: number;
  /**
   * How many are kept, to encrypt and to decrypt, within about 64 MiB; by default 1,000. The least
   * recently used are dropped first. What decrypts is kept once a message has verified under it.
   */
  readonly maxEntries?: number;
  /**
   * Renews a data key that encrypts this long before its age ends, in milliseconds, in the background
   * of a call that uses it; so that no call has to wait for a new one. By default it is not renewed.
   */
  readonly renewBeforeMs?: number;
}

/** What an {@link Envelope} has done since it was made. */
export interface EnvelopeStats {
  /** Whole messages that were encrypted, and the bytes of their plaintext. */
  readonly encrypted: { readonly messages: number; readonly bytes: number };
  /** Whole messages that were decrypted, and the bytes of their plaintext. */
  readonly decrypted: { readonly messages: number; readonly bytes: number };
  /** Its cache, if it has one: messages whose data key was there or not, and data keys kept. */
  readonly cache:
    { readonly hits: number; readonly misses: number; readonly entries: number } | undefined;
  /** What its keyring asked of key services. */
  readonly keyService: KeyServiceStats;
}

/** What a keyring asked of key services since it was made. */
export interface KeyServiceStats {
  /** Calls that have ended, each counted once however often it was tried. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** How often calls were tried again. */
  readonly retries: number;
  /** Calls being made now. */
  readonly inFlight: number;
  /** Calls that wait for their turn now. */
  readonly queued: number;
  /** The circuit of each key that was asked for. */
  readonly breakers: readonly BreakerStats[];
}

/** How the circuit of a key is. */
export interface BreakerStats {
  /** The key as it was asked for; none where KMS is to find it. */
  readonly keyId?: string;
  /** The AWS Region. */
  readonly region?: string;
  /** Whether calls are made: all, none, or one to see whether the service is back. */
  readonly state: "closed" | "open" | "half-open";
  /** Failures of the service in a row. */
  readonly failures: number;
  /** How long until a call is tried, in milliseconds. */
  readonly retryAfterMs: number;
}

/** Which algorithm suites are written and read. */
export type CommitmentPolicy =
  "requireEncryptRequireDecrypt" | "requireEncryptAllowDecrypt" | "forbidEncryptAllowDecrypt";

/** What the tracing channel `kms-envelope:key-service` tells of a call: one object for all events. */
export interface KeyServiceCall {
  /** The operation: of KMS, or `wrapDataKey` and `unwrapDataKey` of a `CustomKeyring`. */
  readonly operation: string;
  /** The key as it was asked for; none where KMS is to find it. */
  readonly keyId?: string;
  /** The AWS Region. */
  readonly region?: string;
  /** How long it took in milliseconds, with its retries; once it has ended, as all that follows. */
  readonly durationMs?: number;
  /** How often it was tried. */
  readonly attempts?: number;
  /** The AWS request id. */
  readonly requestId?: string;
  /** Whether nobody waited for it any more. */
  readonly aborted?: boolean;
  /** Why it failed, in the event `error` and after it. */
  readonly error?: unknown;
}
