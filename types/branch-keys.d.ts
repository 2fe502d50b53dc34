// Branch keys: KMS wraps them, a table holds them, and they wrap data keys.
import type { BranchKeyStorage } from "./branch-key-storage.js";
import type { AwsKmsOptions } from "./keyrings.js";

/** Where branch keys are, and which KMS key wraps them. */
export type BranchKeyStoreOptions = (BranchKeyStoreKeyOptions | BranchKeyStoreDiscoveryOptions) &
  (BranchKeyStoreTable | BranchKeyStoreOwnStorage);

/**
 * The options of every store. Those for credentials, Region, retries and limits hold for all its AWS
 * calls.
 */
export interface BranchKeyStoreBaseOptions extends Omit<AwsKmsOptions, "endpoint"> {
  /**
   * The name that every record is authenticated with. It stays when the table is copied, restored
   * or renamed: choose it once, and never change it.
   */
  readonly logicalName: string;
  /** The URL of KMS; by default `AWS_ENDPOINT_URL_KMS`, or AWS's own. */
  readonly kmsEndpoint?: string;
}

/** A table in DynamoDB. */
export interface BranchKeyStoreTable {
  /** The table's name or ARN. */
  readonly tableName: string;
  /** The URL of DynamoDB; by default `AWS_ENDPOINT_URL_DYNAMODB`, or AWS's own. */
  readonly endpoint?: string;
  readonly storage?: never;
}

/** A storage of yours, in place of a table in DynamoDB. */
export interface BranchKeyStoreOwnStorage {
  /** Its functions. `timeoutMs`, `maxInFlight` and `breaker` are for its calls, too. */
  readonly storage: BranchKeyStorage;
  readonly tableName?: never;
  readonly endpoint?: never;
}

/** A store whose branch keys one KMS key wraps. */
export interface BranchKeyStoreKeyOptions extends BranchKeyStoreBaseOptions {
  /** The ARN of the KMS key. With `multiRegion`, that of the related key in your Region. */
  readonly kmsKeyId: string;
  readonly discovery?: false;
  readonly kmsRegion?: never;
}

/** A store that only reads, under whichever KMS key a record names. */
export interface BranchKeyStoreDiscoveryOptions extends BranchKeyStoreBaseOptions {
  /** Asks KMS for whichever key a record names; such a store only reads. */
  readonly discovery: true;
  /**
   * The only Region of KMS to ask. By default the Region of the key; with `multiRegion`, that of
   * the table.
   */
  readonly kmsRegion?: string;
  readonly kmsKeyId?: never;
}

/** A version of a branch key that was made just now, and is active. */
export interface CreatedBranchKey {
  /** The id of the branch key. */
  readonly branchKeyId: string;
  /** The version, a UUID. */
  readonly version: string;
}

/** A new branch key. */
export interface CreateBranchKeyOptions extends BranchKeyCallOptions {
  /** The id, such as a tenant's name; by default a random UUID. With an id, give a context, too. */
  readonly branchKeyId?: string;
  /** Public pairs that are authenticated with each record of the branch key. */
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

/** What every call of a store takes. */
export interface BranchKeyCallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** The data in the table about a branch key. KMS has not authenticated it. */
export interface BranchKeyDescription {
  /** The id of the branch key. */
  readonly branchKeyId: string;
  /** The version that wraps new data keys. */
  readonly activeVersion: string;
  /** All versions, the active one first; the others in no order. */
  readonly versions: readonly {
    /** The version, a UUID. */
    readonly version: string;
    /** When it was made, as its maker wrote it. */
    readonly createTime: string;
  }[];
  /** The ARN of the KMS key. */
  readonly kmsKeyId: string;
  /** The context that the branch key was created with. */
  readonly encryptionContext: Readonly<Record<string, string>>;
}

/** The options that a store was made with. */
export interface BranchKeyStoreInfo {
  /** The table in DynamoDB, if that holds the branch keys. */
  readonly tableName?: string;
  /** The name that every record is authenticated with. */
  readonly logicalName: string;
  /** The ARN of the KMS key, unless the store finds it. */
  readonly kmsKeyId?: string;
  /** The only Region of KMS that a store with `discovery` asks. */
  readonly kmsRegion?: string | undefined;
  /** Whether related multi-Region keys count as one key. */
  readonly multiRegion: boolean;
}

/**
 * Creates, rotates, destroys and describes branch keys. No branch key ever enters JavaScript.
 *
 * @example
 * const store = new BranchKeyStore({ tableName: "branch-keys", logicalName: "tenants", kmsKeyId });
 * await store.create({ branchKeyId: "tenant-blue", encryptionContext: { tenant: "blue" } });
 */
export class BranchKeyStore {
  /**
   * Makes a store. It makes no call.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`, `ERR_ENVELOPE_CONFIGURATION`.
   */
  constructor(options: BranchKeyStoreOptions);

  /**
   * Creates a branch key: three calls of KMS, and one write of three items, all or none.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_BRANCH_KEY_EXISTS`.
   */
  create(options?: CreateBranchKeyOptions): Promise<CreatedBranchKey>;

  /**
   * Makes a new version, which wraps data keys from now on. Other processes use the old version until
   * their cache is `maxAgeMs` old. Old messages stay readable.
   *
   * @throws {EnvelopeError} `ERR_ENVELOPE_BRANCH_KEY_CONFLICT` if somebody else rotated it meanwhile;
   * `ERR_ENVELOPE_BRANCH_KEY_NOT_FOUND`, `ERR_ENVELOPE_BRANCH_KEY_ALTERED`.
   */
  rotate(branchKeyId: string, options?: BranchKeyCallOptions): Promise<CreatedBranchKey>;

  /**
   * Deletes all versions of a branch key from the table and from the cache of this process. Data that
   * it protected can no longer be decrypted: here at once, in other processes once their cache is
   * `maxAgeMs` old. A backup of the table still has the key.
   *
   * @returns how many versions were deleted.
   */
  destroy(
    branchKeyId: string,
    options?: BranchKeyCallOptions,
  ): Promise<{ readonly versions: number }>;

  /** Returns the data in the table about a branch key, unauthenticated. */
  describe(branchKeyId: string, options?: BranchKeyCallOptions): Promise<BranchKeyDescription>;

  /** Returns the ids of all branch keys, in no order. It reads the whole table. */
  list(options?: BranchKeyCallOptions): Promise<string[]>;

  /** Makes the table, and waits until it can be used; does nothing if it exists. */
  createTable(options?: BranchKeyCallOptions): Promise<void>;

  /** Returns the options that the store was made with. */
  info(): BranchKeyStoreInfo;

  /** Keeps the type apart from those of other classes. */
  private readonly kind: "branch-key-store";
}

/** Which branch key, and how long it is kept. */
export type HierarchicalKeyringOptions = HierarchicalKeyringLimits &
  (
    | {
        /** The id of the branch key. */
        readonly branchKeyId: string;
        readonly branchKeyIdOf?: never;
      }
    | {
        /**
         * Returns the id of the branch key for an encryption context, to encrypt and to decrypt. The
         * context of a signed message also has `aws-crypto-public-key`.
         */
        branchKeyIdOf(
          encryptionContext: Readonly<Record<string, string>>,
        ): string | Promise<string>;
        readonly branchKeyId?: never;
      }
  );

/** How long and how many branch keys are kept. */
export interface HierarchicalKeyringLimits {
  /** Where the branch keys are. */
  readonly branchKeyStore: BranchKeyStore;
  /**
   * How long a branch key is used after it was read, in milliseconds; by default 300,000. It is renewed
   * in the background before that. After you destroy a branch key or revoke access, a process can still
   * decrypt for up to `maxAgeMs`.
   */
  readonly maxAgeMs?: number;
  /** How many versions are kept; by default 1,000. The least recently used are dropped first. */
  readonly maxEntries?: number;
  /** Keyrings over one store that name the same partition share one cache. */
  readonly partition?: string;
}

/**
 * Wraps data keys under a branch key. It calls KMS and the table only when the branch key is not in the
 * cache, not for each message. While the branch key is in the cache, `encryptSync` and `decryptSync`
 * work with `branchKeyId`. The hierarchical keyrings of the AWS Encryption SDKs read and write the same
 * messages; in the one for JavaScript, set `utf8Sorting: true`.
 */
export class HierarchicalKeyring {
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options: HierarchicalKeyringOptions);
  /** Keeps the types of the keyrings apart. */
  private readonly kind: "hierarchical";
}
