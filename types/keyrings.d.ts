// What wraps and unwraps data keys.
import type { KeyObject } from "node:crypto";
import type { HierarchicalKeyring } from "./branch-keys.js";
import type { AwsKmsEcdhKeyring, RawEcdhKeyring } from "./ecdh.js";
import type { AwsKmsRsaKeyring } from "./kms-rsa.js";
import type { Bytes } from "./options.js";
import type { OutputBuffer } from "./output.js";

/** Any keyring. */
export type Keyring =
  | AwsKmsEcdhKeyring
  | AwsKmsKeyring
  | AwsKmsRsaKeyring
  | CustomKeyring
  | HierarchicalKeyring
  | LocalKeyring
  | MultiKeyring
  | RawAesKeyring
  | RawEcdhKeyring
  | RawRsaKeyring;

/** Limits for the calls of a key service. */
export interface GuardOptions {
  /**
   * How long one call may take in milliseconds, with its retries and its time in the queue; by default
   * 15,000.
   */
  readonly timeoutMs?: number;
  /** How many calls run at once; by default 50. */
  readonly maxInFlight?: number;
  /** How many calls may wait in the queue; by default 10,000. */
  readonly maxQueued?: number;
  /**
   * The circuit breaker. When the service has failed several times in a row for a key, calls with that
   * key fail at once, with `ERR_ENVELOPE_CIRCUIT_OPEN`, for some time. Each key in each Region has its
   * own circuit. Only failures count (no answer, throttling, errors of the service), not refusals.
   * `false` for no breaker.
   */
  readonly breaker?: boolean | BreakerOptions;
}

/** When the circuit of a key opens, and for how long. */
export interface BreakerOptions {
  /** After how many failures in a row; by default 5. */
  readonly failures?: number;
  /** For how long, in milliseconds; by default 30,000. Then one call is let through as a trial. */
  readonly openMs?: number;
}

/** Which KMS keys, and how to reach them. */
export type AwsKmsKeyringOptions = AwsKmsKeyOptions | AwsKmsDiscoveryOptions;

/** How to reach KMS. Defaults come from the places where every AWS SDK looks. */
export interface AwsKmsOptions extends GuardOptions {
  /**
   * Whether related multi-Region keys (`mrk-...`) count as one key: a data key that one of them
   * wrapped is unwrapped by the one in this keyring's Region. By default each counts as its own key.
   */
  readonly multiRegion?: boolean;
  /**
   * The AWS Region of a key id or alias; by default `AWS_REGION`, or that of the profile. An ARN names
   * its own Region. With `discovery`, the only Region to ask.
   */
  readonly region?: string;
  /**
   * The URL of KMS; by default `AWS_ENDPOINT_URL_KMS`, or AWS's own. Calls to all Regions go there.
   */
  readonly endpoint?: string;
  /** The profile in the AWS config files; by default `AWS_PROFILE`. */
  readonly profile?: string;
  /**
   * The credentials to use, instead of those of the environment and the AWS config files: access keys, or
   * a function that returns them, such as `fromTemporaryCredentials()` of
   * `@aws-sdk/credential-providers`. Excludes `profile`.
   */
  readonly credentials?: AwsCredentials | AwsCredentialsProvider;
  /** Grant tokens for each call. */
  readonly grantTokens?: readonly string[];
  /**
   * How often one call is tried, from 1 to 100; by default as `AWS_MAX_ATTEMPTS`, or `max_attempts` of
   * the profile, says, else 3. The wait before each retry is longer than the last one, and partly random.
   * When KMS throttles, all calls slow down.
   */
  readonly maxAttempts?: number;
  /** How long one attempt may take in milliseconds; by default 5,000. */
  readonly attemptTimeoutMs?: number;
  /** How long making a connection may take in milliseconds; by default 3,000. */
  readonly connectTimeoutMs?: number;
  /**
   * How long it may take to get credentials (from `credential_process`, a role, AWS SSO, or the function
   * `credentials`) in milliseconds, in addition to `timeoutMs`; by default 15,000.
   */
  readonly credentialsTimeoutMs?: number;
}

/** Access keys, in the form of the AWS SDK for JavaScript. */
export interface AwsCredentials {
  /** The id of the access key. */
  readonly accessKeyId: string;
  /** The secret access key. */
  readonly secretAccessKey: string;
  /** The session token, which temporary keys have. */
  readonly sessionToken?: string | undefined;
  /** When they expire. Without it they are used as long as the keyring exists. */
  readonly expiration?: Date | undefined;
  /** The AWS account that they belong to. */
  readonly accountId?: string | undefined;
}

/**
 * Returns access keys. It is called when a call of AWS needs them, once for all calls that wait, and
 * again when they expire (`expiration`) in less than 10 seconds. It runs in the asynchronous context of
 * the first call that waits, must answer within `credentialsTimeoutMs`, and does not keep the process
 * running. Synchronous calls never call it, because they call no key service.
 *
 * If it throws, or returns something else, the calls that wait fail with
 * `ERR_ENVELOPE_KMS_NO_CREDENTIALS`; the next one calls it again.
 */
export type AwsCredentialsProvider = () => AwsCredentials | Promise<AwsCredentials>;

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

/** Any KMS keys that a message names, to decrypt only. */
export interface AwsKmsDiscoveryOptions extends AwsKmsOptions {
  /**
   * Which KMS keys may decrypt: those of the named accounts, or, with `true`, all that you may use.
   * Name the accounts; otherwise a stranger who lets you use their key can make you accept their
   * messages.
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
 * Outside messages, `generateDataKey` uses `keyId` alone, and `decryptDataKey` tries one key after the
 * other. With `discovery` it asks KMS in `region` (by default `AWS_REGION`, or the profile's)
 * to find the key, and refuses the answer if the filter does not allow that key.
 */
export class AwsKmsKeyring {
  /**
   * Makes a keyring. It makes no call of KMS.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`, `ERR_ENVELOPE_CONFIGURATION`.
   */
  constructor(options: AwsKmsKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "aws-kms";
}

/** A key service of your own. */
export interface CustomKeyringOptions extends GuardOptions {
  /** The name of the service in messages; must not start with `aws-kms`. */
  readonly providerId: string;
  /**
   * Wraps a data key, and authenticates the encryption context with it. `dataKey` is wiped when the
   * promise settles: keep no copy. An error with `retryable: true` counts as a failure of the service,
   * for the circuit breaker; any other as a refusal.
   *
   * @returns the wrapped data key, and the name of the key that wrapped it.
   */
  wrapDataKey(request: WrapRequest): Promise<{ ciphertext: Uint8Array; keyName: string }>;
  /**
   * Unwraps a data key.
   *
   * @returns the data key, whose bytes are wiped afterwards; or `undefined`, if another key wrapped it.
   */
  unwrapDataKey(request: UnwrapRequest): Promise<Uint8Array | undefined>;
}

/** A data key to wrap. */
export interface WrapRequest {
  /** The data key. */
  readonly dataKey: OutputBuffer;
  /** The pairs to bind the wrapped data key to. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

/** A data key to unwrap. */
export interface UnwrapRequest {
  /** What `wrapDataKey` made. It comes from a message, which may have been changed. */
  readonly ciphertext: OutputBuffer;
  /** The name of the key that wrapped it, as the message says. */
  readonly keyName: string;
  /** The pairs that it must be bound to; refuse it otherwise. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

/**
 * Wraps data keys with functions of yours, for a key service that this package does not know. This is
 * the only keyring whose data keys JavaScript sees. Answers after `timeoutMs` are ignored.
 */
export class CustomKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: CustomKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "custom";
}

/** Keyrings that work together: a generator, or children, or both. */
export interface MultiKeyringOptions {
  /** Makes the data key, and wraps it. Without one the keyring only decrypts. */
  readonly generator?: Keyring;
  /**
   * Each wraps the data key, too. To encrypt, a child cannot be a `MultiKeyring` with a generator, or an
   * `AwsKmsKeyring` with `additionalKeyIds` or `discovery`.
   */
  readonly children?: readonly Keyring[];
}

/**
 * Wraps one data key with several keyrings, so that each of them alone can decrypt. To decrypt, it
 * tries one after the other, the generator first, until one succeeds. If none does, the error is
 * `ERR_ENVELOPE_NO_USABLE_KEY`, and its `errors` has the reason of each.
 *
 * Outside messages, `generateDataKey` uses the generator alone, because a `ciphertextBlob` holds one
 * wrapped key. `decryptDataKey` tries one keyring after the other.
 */
export class MultiKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: MultiKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "multi";
}

/** Wraps data keys under the AES-256 key in a file: for development, tests and offline use. */
export class LocalKeyring {
  /**
   * Reads a key file.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_KEY_FILE` if the file is missing, malformed, or readable
   * by others; the error says how to mend it.
   */
  constructor(path: string);

  /**
   * Makes a new key file that only its owner can read, and returns its keyring. An existing file is
   * never overwritten.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_KEY_FILE`.
   */
  static generate(path: string): LocalKeyring;
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "local";
}

/** An AES key, as other Encryption SDKs name it. */
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
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "raw-aes";
}

/** An RSA key pair, as other Encryption SDKs name it. Give both keys, or the one that you need. */
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
   * The padding, by default `"oaep-sha256"`; the mask uses the same hash. `"pkcs1"` is for old messages
   * only. With it, only the first data key of a message that names this key is tried, after all other
   * keyrings of a multi-keyring, and data keys outside of messages are refused.
   */
  readonly padding?: "oaep-sha256" | "oaep-sha384" | "oaep-sha512" | "oaep-sha1" | "pkcs1";
}

/**
 * Wraps data keys under an RSA public key, and unwraps them with the private key. The wrapped data key
 * is not bound to the encryption context; the message is.
 */
export class RawRsaKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: RawRsaKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "raw-rsa";
}
