// What goes in: data, encryption contexts, and the options of each call.
import type { KeyPairSpec } from "./message.js";
import type { FileHandle } from "node:fs/promises";
import type { AwsCredentials, AwsCredentialsProvider, Keyring } from "./keyrings.js";
import type { AlgorithmSuiteId, AlgorithmSuiteName, MessageHeader } from "./message.js";
import type { OutputPool, PooledOutput } from "./output-pool.js";

/**
 * What can be encrypted or decrypted. Strings are encoded as UTF-8, and must be well-formed. Shared
 * memory is refused. Do not change, transfer or resize the bytes before the call has ended. If the
 * bytes are gone by then, the call fails with `ERR_ENVELOPE_INVALID_ARGUMENT`.
 */
export type Bytes = string | ArrayBuffer | ArrayBufferView;

/**
 * Public pairs of strings that a message carries and authenticates, such as
 * `{ tenant: "acme", purpose: "invoice" }`. They are not secret: the message holds them unencrypted, and
 * AWS CloudTrail logs them. Keys must not start with `aws-crypto-`. All pairs together take at most
 * 65,535 bytes.
 *
 * It must be a plain object, as all options must: a literal, parsed JSON, or an object without a
 * prototype. An instance of a class, a getter, a symbol as a key, a Map, an array and a Proxy are
 * refused, because some of their pairs could be overlooked. Copy the values of an entity into a
 * literal.
 */
export type EncryptionContext = Readonly<Record<string, string>>;

/** What every call under a key takes. */
export interface DataKeyOptions {
  /**
   * When encrypting: the pairs that the message stores and authenticates. When decrypting: pairs that
   * must be in the message, which may have more; if one is missing, the call fails with
   * `ERR_ENVELOPE_CONTEXT_MISMATCH`. Always give the pairs of {@link
   * EnvelopeSettings.requiredContextKeys}.
   */
  readonly encryptionContext?: EncryptionContext;
  /** Ends the call and its request to KMS; the call rejects with `ERR_ENVELOPE_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** What the synchronous calls take. */
export interface SyncOptions {
  /** As in {@link DataKeyOptions.encryptionContext}. */
  readonly encryptionContext?: EncryptionContext;
  /**
   * A buffer of your own for the output; the Buffer that is returned is a view of it. It must not
   * overlap the input. To encrypt: `plaintext + 32 * frames + header + 40` bytes (`+ 106` if signed). To
   * decrypt: as many bytes as the message. If it is too short, the error says how many bytes are needed.
   * After any other error its content is undefined (when decrypting: zeros).
   *
   * Or an output of an {@link OutputPool}, which has memory of the right length.
   */
  readonly into?: Uint8Array | PooledOutput;
}

/** What `encrypt` and `decrypt` take. The data must not be changed until they have resolved. */
export interface CallOptions extends DataKeyOptions, SyncOptions {}

/** The options of `warm` to fill the cache for decrypting messages that you have. */
export interface WarmMessagesOptions<M extends Bytes | readonly Bytes[]> extends DataKeyOptions {
  /**
   * A message, or an array of messages. The header of each is enough: its first bytes, at least
   * `headerLength` of `inspect`.
   */
  readonly messages: M;
}

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
   * What to do with a signed message, whose signature comes last. `"refuse"`, the default, fails with
   * `ERR_ENVELOPE_SIGNED_MESSAGE`. `"release-before-verified"` releases all frames but the last before
   * the signature has verified; the data key has authenticated them by then. Until the stream has ended
   * without an error, do nothing with them that you cannot undo.
   */
  readonly signed?: "refuse" | "release-before-verified";
}

/** What `decryptWebStream` takes. */
export interface DecryptWebStreamOptions extends DecryptStreamOptions {
  /**
   * Called once, with the authenticated header, before the first plaintext. If it throws, the stream
   * fails. If it returns a promise, the stream waits for it.
   */
  readonly onHeader?: (header: MessageHeader) => void;
}

/** What `encryptFile`, `decryptFile` and `reEncryptFile` take. */
export interface FileOptions extends DataKeyOptions {
  /** Whether an existing destination is replaced; by default it is an error. */
  readonly overwrite?: boolean;
  /**
   * Called about ten times a second, and once at the end. If it throws, or its promise rejects, the call
   * fails with that error. After the call at the end, the destination is there already.
   */
  readonly onProgress?: (progress: Progress) => void;
}

/** How much of a file is done. */
export interface Progress {
  /** How much of the source has been read, in bytes. */
  readonly bytesDone: number;
  /** The length of the source, in bytes. */
  readonly bytesTotal: number;
}

/** What the `reEncrypt` calls take in addition to their own options. */
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

/** Where a message is: in memory, at a path, in an open file, or anywhere that can be read by ranges. */
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
  /** Returns exactly the bytes from `start` up to, but not including, `end`. Its errors are passed on unchanged. */
  read(start: number, end: number): Uint8Array | Promise<Uint8Array>;
}

/** Names the key of a module function. */
export interface KeyOption {
  /** A key as in `new Envelope(key)`; by default the environment variable `ENCRYPTION_KEY_ID`. */
  readonly keyId?: string;
}

/** What an {@link Envelope} uses and allows: a key by its name, or a keyring, and settings. */
export type EnvelopeOptions = EnvelopeSettings &
  (
    | {
        /** The key, as in `new Envelope(key)`. */
        readonly keyId: string;
        /** As in {@link KeySettings.credentials}. */
        readonly credentials?: AwsCredentials | AwsCredentialsProvider;
        readonly keyring?: never;
      }
    | {
        /** Wraps and unwraps the data keys. */
        readonly keyring: Keyring;
        readonly keyId?: never;
        readonly credentials?: never;
      }
  );

/** The settings of an {@link Envelope} whose key is named. */
export interface KeySettings extends EnvelopeSettings {
  /** The credentials for AWS KMS, as in {@link AwsKmsOptions.credentials}. */
  readonly credentials?: AwsCredentials | AwsCredentialsProvider;
}

/** What an {@link Envelope} allows, whatever its key. */
export interface EnvelopeSettings {
  /**
   * How new messages are encrypted: the name or id of an algorithm suite. By default
   * `AES_256_GCM_HKDF_SHA512_COMMIT_KEY`, without a signature. With `..._ECDSA_P384` readers can verify a
   * message but cannot forge one; each message then costs a signature, and cannot be read by ranges.
   */
  readonly algorithmSuite?: AlgorithmSuiteName | AlgorithmSuiteId;
  /**
   * Whether suites without key commitment are written and read. By default
   * `"requireEncryptRequireDecrypt"`: neither. `"requireEncryptAllowDecrypt"` also reads messages of older
   * Encryption SDKs. `"forbidEncryptAllowDecrypt"` also writes messages that those can read.
   */
  readonly commitmentPolicy?: CommitmentPolicy;
  /**
   * The plaintext length of each frame in bytes, from 1 to 4,294,967,295; by default 65,536. A
   * frame is verified as a whole before any byte of it is released. The Encryption SDK for Python
   * reads none that is longer than 2,147,483,647.
   */
  readonly frameLength?: number;
  /**
   * How many encrypted data keys a message may have, from 1 to 65,535; by default any number. Each can
   * cost a call of KMS or an operation with an RSA key: set this for messages from strangers.
   */
  readonly maxEncryptedDataKeys?: number;
  /**
   * How long the plaintext of a message may be, in bytes, when encrypting and when decrypting, as a whole
   * or in ranges; by default any length.
   */
  readonly maxPlaintextLength?: number;
  /**
   * How long the encrypted data keys of one message may be tried, all together, in milliseconds; by
   * default 60,000. Each call of a key service also has its own `timeoutMs`.
   */
  readonly unwrapTimeoutMs?: number;
  /**
   * Keys of the encryption context that messages authenticate but do not store. Give their values when
   * you encrypt, and the same values when you decrypt.
   */
  readonly requiredContextKeys?: readonly string[];
  /**
   * The names of the keys that may wrap a message's data key: ARNs of KMS keys, key names of others.
   * Encrypting with another key is an error. When decrypting, data keys that other keys wrapped are not
   * tried. By default all keys are allowed.
   */
  readonly allowedKeys?: readonly string[];
  /**
   * Keeps data keys for more messages, so that not every message needs a call of the key service. By
   * default there is no cache. `{}` uses the default limits of {@link CacheOptions}.
   */
  readonly cache?: CacheOptions;
}

/**
 * Limits of the cache. A data key is used for messages with one encryption context; each message still
 * derives its own key from the data key and its message id. After you revoke access to the wrapping key,
 * a process can still encrypt and decrypt for up to `maxAgeMs`.
 */
export interface CacheOptions {
  /** How long a data key is kept, in milliseconds; by default 300,000 (5 minutes). */
  readonly maxAgeMs?: number;
  /** How many messages one data key encrypts; by default 100,000. A batch may not have more. */
  readonly maxMessages?: number;
  /**
   * How many bytes of plaintext one data key encrypts; by default 2^40. A stream without
   * `plaintextLength` counts its bytes as they come, and keeps its data key to the end.
   */
  readonly maxBytes?: number;
  /**
   * How many data keys are kept, for encrypting and for decrypting, within about 64 MiB; by default
   * 1,000. The least recently used are dropped first. A data key from a message is kept once the header
   * of that message has verified under it. A data key that encrypts also decrypts its own messages.
   * When its limits for encrypting are used up, a data key of a key service stays for decrypting until
   * `maxAgeMs`, unless the room is needed.
   */
  readonly maxEntries?: number;
  /**
   * How long before `maxAgeMs` is over a data key for encrypting is renewed, in milliseconds. A call
   * that uses the data key renews it in the background, so that no call has to wait for a new one. By
   * default it is never renewed.
   */
  readonly renewBeforeMs?: number;
}

/** What an {@link Envelope} has done since it was made. */
export interface EnvelopeStats {
  /** Whole messages that were encrypted, and the bytes of their plaintext. */
  readonly encrypted: { readonly messages: number; readonly bytes: number };
  /** Whole messages that were decrypted, and the bytes of their plaintext. */
  readonly decrypted: { readonly messages: number; readonly bytes: number };
  /** Its cache, if it has one: how often a data key was there or not, and how many are kept. */
  readonly cache:
    { readonly hits: number; readonly misses: number; readonly entries: number } | undefined;
  /** The calls of key services that its keyring made. */
  readonly keyService: KeyServiceStats;
}

/** The calls of key services that a keyring has made. */
export interface KeyServiceStats {
  /** Calls that have ended. A call counts once, however often it was tried. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** How often calls were tried again. */
  readonly retries: number;
  /** Calls that are running now. */
  readonly inFlight: number;
  /** Calls that wait in the queue now. */
  readonly queued: number;
  /** The circuit of each key that was used. */
  readonly breakers: readonly BreakerStats[];
}

/** The state of the circuit of a key. */
export interface BreakerStats {
  /** The key as the call named it; `undefined` if KMS is to find it. */
  readonly keyId?: string;
  /** The AWS Region. */
  readonly region?: string;
  /** `closed`: calls are made. `open`: none is made. `half-open`: one is made, as a trial. */
  readonly state: "closed" | "open" | "half-open";
  /** How often the service has failed in a row. */
  readonly failures: number;
  /** The time until a call is let through, in milliseconds. */
  readonly retryAfterMs: number;
}

/** Which algorithm suites are written and read. */
export type CommitmentPolicy =
  "requireEncryptRequireDecrypt" | "requireEncryptAllowDecrypt" | "forbidEncryptAllowDecrypt";

/** A call, as the tracing channel `kms-envelope:key-service` describes it: one object for all its events. */
export interface KeyServiceCall {
  /** The operation: of KMS, or `wrapDataKey` and `unwrapDataKey` of a `CustomKeyring`. */
  readonly operation: string;
  /** The key as the call named it; `undefined` if KMS is to find it. */
  readonly keyId?: string;
  /** The AWS Region. */
  readonly region?: string;
  /** How long it took in milliseconds, with its retries. Like all below, set once it has ended. */
  readonly durationMs?: number;
  /** How often it was tried. */
  readonly attempts?: number;
  /** The AWS request id. */
  readonly requestId?: string;
  /** Whether it was given up because nobody waited for it any more. */
  readonly aborted?: boolean;
  /** Why it failed, in the event `error` and after it. */
  readonly error?: unknown;
}
