// What wraps and unwraps data keys.
import type { KeyObject } from "node:crypto";
import type { Bytes } from "./options.js";

/** Any keyring. */
export type Keyring =
  AwsKmsKeyring | CustomKeyring | LocalKeyring | MultiKeyring | RawAesKeyring | RawRsaKeyring;

/** What guards the calls of a key service. */
export interface GuardOptions {
  /**
   * How long one call may take in milliseconds, with its retries and the time that it waits for its
   * turn; by default 15,000.
   */
  readonly timeoutMs?: number;
  /** How many calls there may be at once; by default 50. */
  readonly maxInFlight?: number;
  /** How many calls may wait for their turn; by default 10,000. */
  readonly maxQueued?: number;
  /**
   * Leaves a key alone when its service has failed again and again: calls fail at once then, with
   * `ERR_ENVELOPE_CIRCUIT_OPEN`, until one is tried. Each key in each Region has a circuit of its
   * own. Refusals do not count, only failures: no answer, throttling, errors of the service. `false`
   * to go on calling.
   */
  readonly breaker?: boolean | BreakerOptions;
}

/** When a key is left alone, and for how long. */
export interface BreakerOptions {
  /** After how many failures in a row; by default 5. */
  readonly failures?: number;
  /** For how long, in milliseconds; by default 30,000. Then one call is tried. */
  readonly openMs?: number;
}

/** Which KMS keys, and how to reach them. */
export type AwsKmsKeyringOptions = AwsKmsKeyOptions | AwsKmsDiscoveryOptions;

/** How to reach KMS. What is left out comes from where every AWS SDK takes it. */
export interface AwsKmsOptions extends GuardOptions {
  /**
   * Whether related multi-Region keys (`mrk-...`) count as one key: a data key that one of them
   * wrapped is unwrapped under the one of this keyring's Region. By default each is a key of its
   * own.
   */
  readonly multiRegion?: boolean;
  /**
   * The AWS Region of keys whose names have none; by default `AWS_REGION`, or the profile's. An ARN
   * has its own. With `discovery`, the only Region to ask.
   */
  readonly region?: string;
  /**
   * The URL of KMS; by default `AWS_ENDPOINT_URL_KMS`, or AWS's own. Calls to all Regions go there.
   */
  readonly endpoint?: string;
  /** The profile in the AWS config files; by default `AWS_PROFILE`. */
  readonly profile?: string;
  /** Grant tokens for each call. */
  readonly grantTokens?: readonly string[];
  /**
   * How often one call is tried, from 1 to 100; by default 3. Between attempts it waits, longer each
   * time and by chance; when KMS throttles, all calls slow down.
   */
  readonly maxAttempts?: number;
  /** How long one attempt may take in milliseconds; by default 5,000. */
  readonly attemptTimeoutMs?: number;
  /** How long a connection may take to be made in milliseconds; by default 3,000. */
  readonly connectTimeoutMs?: number;
  /**
   * How long it may take to get credentials (from `credential_process`, a role, AWS SSO) in
   * milliseconds, beside `timeoutMs`; by default 15,000.
   */
  readonly credentialsTimeoutMs?: number;
}

/** KMS keys that you name. */
export interface AwsKmsKeyOptions extends AwsKmsOptions {
  /** A key id, key ARN, alias (`alias/app`) or alias ARN: makes the data key. */
  readonly keyId: string;
  /**
   * More keys, also of other Regions and accounts. Each wraps the data key, too, so that any one of
   * all these keys can decrypt.
   */
  readonly additionalKeyIds?: readonly string[];
  readonly discovery?: never;
}

/** Whichever KMS keys a message names, to decrypt only. */
export interface AwsKmsDiscoveryOptions extends AwsKmsOptions {
  /**
   * `true` for the keys of all accounts that the caller may use, or whose keys to use. Name the
   * accounts, so that nobody can have you decrypt under a key of theirs.
   *
   * Each data key is unwrapped in the Region of its key; with `multiRegion`, in `region` alone.
   */
  readonly discovery: true | DiscoveryFilter;
  readonly keyId?: never;
  readonly additionalKeyIds?: never;
}

/** Whose KMS keys to use. */
export interface DiscoveryFilter {
  /** `aws`, `aws-cn`, `aws-us-gov`, or another partition of AWS. */
  readonly partition: string;
  /** The ids of the AWS accounts, at least one, each a string of 12 digits. */
  readonly accountIds: readonly string[];
}

/**
 * Wraps data keys under KMS keys, which never leave KMS: GenerateDataKey to encrypt, with Encrypt
 * for each additional key, and Decrypt to decrypt.
 *
 * Outside messages, `generateDataKey` uses `keyId` alone; `decryptDataKey` asks for one key after
 * the other. With `discovery` it asks KMS in `region` (by default `AWS_REGION`, or the profile's)
 * to find the key, and refuses the answer if the filter does not allow that key.
 */
export class AwsKmsKeyring {
  /**
   * Nothing is called yet.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`.
   */
  constructor(options: AwsKmsKeyringOptions);
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "aws-kms";
}

/** A key service of your own. */
export interface CustomKeyringOptions extends GuardOptions {
  /** What messages call the service; must not start with `aws-kms`. */
  readonly providerId: string;
  /**
   * Wraps a data key, and authenticates the encryption context with it. `dataKey` is wiped when the
   * promise settles: keep no copy. An error with `retryable: true` is a failure of the service, which
   * counts for the breaker; any other is a refusal.
   *
   * @returns the wrapped data key, and the name of the key that wrapped it.
   */
  wrapDataKey(request: WrapRequest): Promise<{ ciphertext: Uint8Array; keyName: string }>;
  /**
   * Unwraps a data key.
   *
   * @returns the data key, whose bytes are wiped then; or nothing, if another key wrapped it.
   */
  unwrapDataKey(request: UnwrapRequest): Promise<Uint8Array | undefined>;
}

/** A data key to wrap. */
export interface WrapRequest {
  /** The data key. */
  readonly dataKey: Buffer;
  /** What the wrapped data key is to be bound to. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

/** A data key to unwrap. */
export interface UnwrapRequest {
  /** What `wrapDataKey` made; a message may have been changed since. */
  readonly ciphertext: Buffer;
  /** The name of the key that wrapped it, as the message says. */
  readonly keyName: string;
  /** What it must have been bound to. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

/**
 * Wraps data keys with functions of yours: a key service that this package does not know. This is
 * the one keyring whose data keys JavaScript sees. Late answers are ignored.
 */
export class CustomKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: CustomKeyringOptions);
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "custom";
}

/** Keyrings that work together: a generator, or children, or both. */
export interface MultiKeyringOptions {
  /** Makes the data key, and wraps it. Without one the keyring only decrypts. */
  readonly generator?: Keyring;
  /**
   * Each wraps the data key, too. To encrypt, a child must make no data key itself: no
   * `MultiKeyring` with a generator, and no `AwsKmsKeyring` with `additionalKeyIds` or `discovery`.
   */
  readonly children?: readonly Keyring[];
}

/**
 * Wraps one data key with several keyrings, so that each of them alone can decrypt. To decrypt, it
 * asks one after the other, the generator first, until one succeeds; if none does, the error is
 * `ERR_ENVELOPE_NO_USABLE_KEY`, and its `errors` has the reason of each.
 *
 * Outside messages, `generateDataKey` uses the generator alone, as a `ciphertextBlob` has room for
 * one key; `decryptDataKey` asks one keyring after the other.
 */
export class MultiKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: MultiKeyringOptions);
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "multi";
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

/** How other Encryption SDKs know a raw RSA key pair. Give both keys, or the one that is needed. */
export interface RawRsaKeyringOptions {
  /** The key namespace; must not start with `aws-kms`. */
  readonly keyNamespace: string;
  /** The key name. */
  readonly keyName: string;
  /** Encrypts: PEM or a KeyObject, of 2,048 to 8,192 bits. */
  readonly publicKey?: string | Uint8Array | KeyObject;
  /** Decrypts: PEM without a passphrase, or a KeyObject, of 2,048 to 8,192 bits. */
  readonly privateKey?: string | Uint8Array | KeyObject;
  /**
   * The padding, by default `"oaep-sha256"`; the mask uses the same hash. `"pkcs1"` is for old
   * messages only: of a message only the first data key that names this key is tried, after all
   * other keyrings of a multi-keyring; and it wraps no data keys outside of messages.
   */
  readonly padding?: "oaep-sha256" | "oaep-sha384" | "oaep-sha512" | "oaep-sha1" | "pkcs1";
}

/**
 * Wraps data keys under an RSA public key, and unwraps them with the private key. RSA binds no
 * encryption context to the wrapped data key; the message does.
 */
export class RawRsaKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: RawRsaKeyringOptions);
  /** Keyrings of one kind are not keyrings of another. */
  private readonly kind: "raw-rsa";
}
