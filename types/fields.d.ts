// Fields: encrypted columns, and the keysets of Tink that they are encrypted under.
import type { Envelope } from "../index.js";
import type { AwsKmsKeyring } from "./keyrings.js";
import type { Bytes, EncryptionContext } from "./options.js";
import type { OutputBuffer } from "./output.js";

/** The form in which a Tink keyset is written. */
export type KeysetForm =
  "tink-json" | "tink-binary" | "tink-encrypted-json" | "tink-encrypted-binary";

/** The types of new keys, by the names of Tink's templates: every Tink reads them. */
export type KeyType =
  | "AES128_GCM"
  | "AES256_GCM"
  | "AES256_GCM_SIV"
  | "AES256_SIV"
  | "HMAC_SHA256_PRF"
  | "HMAC_SHA512_PRF";

/** What encrypts a keyset: a KMS key, its URI (`aws-kms://` and the ARN), or another keyset. */
export type KeysetKeyring = AwsKmsKeyring | Keyset | `aws-kms://${string}`;

/** The options of {@link Keyset.import}. */
export interface KeysetImportOptions {
  /** The form of the keyset. */
  readonly from: KeysetForm;
  /** The key that encrypts it; for the encrypted forms only. */
  readonly keyring?: KeysetKeyring;
  /** Bytes that the encrypted keyset is bound to; without them it is bound to nothing. */
  readonly associatedData?: Bytes;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** The options of {@link Keyset.export}. */
export interface KeysetExportOptions extends Omit<KeysetImportOptions, "from"> {
  /** The form of the keyset. Anybody who sees a keyset in the clear has the keys. */
  readonly to: KeysetForm;
}

/** A key of a keyset, without its secret. */
export interface KeysetKeyInfo {
  /** The key's id, from 0 to 2^32 - 1. */
  readonly id: number;
  /** The name of Tink's key type, such as `AesGcmKey`; `unknown` for a disabled key of a type that is not supported. */
  readonly type: string;
  /** Whether it decrypts; if not, it is disabled. */
  readonly enabled: boolean;
  /** Whether it is the one that encrypts. */
  readonly primary: boolean;
  /** The start of its ciphertexts: the id of the key, or nothing (`RAW`). */
  readonly prefix: "TINK" | "LEGACY" | "RAW" | "CRUNCHY";
}

/** A keyset of Google Tink: keys with ids, one of them primary. Its keys stay in the addon. */
export class Keyset {
  private constructor();
  /** Returns a keyset with one fresh key. */
  static generate(type: KeyType): Keyset;
  /** Returns a keyset that Tink, or `export`, wrote. */
  static import(keyset: Bytes, options: KeysetImportOptions): Promise<Keyset>;
  /** Returns the keyset, written as Tink reads it. */
  export(options: KeysetExportOptions): Promise<OutputBuffer>;
  /**
   * What its keys do: they encrypt, encrypt deterministically, or compute a PRF (a keyed hash).
   */
  readonly primitive: "aead" | "daead" | "prf";
  /** The id of the key that encrypts. */
  readonly primaryKeyId: number;
  /** Returns the public data of each key, in their order. */
  keys(): KeysetKeyInfo[];
  /** Returns the ciphertext under the primary key, bound to `associatedData`. */
  encrypt(plaintext: Bytes, associatedData?: Bytes): OutputBuffer;
  /** Returns the plaintext, under whichever key of the keyset encrypted it. */
  decrypt(ciphertext: Bytes, associatedData?: Bytes): OutputBuffer;
  /** Encrypts so that equal plaintexts, with equal associated data, have equal ciphertexts. */
  encryptDeterministic(plaintext: Bytes, associatedData?: Bytes): OutputBuffer;
  /** Decrypts the output of `encryptDeterministic`. */
  decryptDeterministic(ciphertext: Bytes, associatedData?: Bytes): OutputBuffer;
  /** Returns `length` bytes of the PRF of `input`, under the primary key or the one with `keyId`. */
  prf(input: Bytes, length: number, options?: { readonly keyId?: number }): OutputBuffer;
  /** Adds a fresh key, enabled but not primary, and returns its id. */
  addKey(type: KeyType): number;
  /** Makes a key the primary: it encrypts from now on. */
  promote(keyId: number): void;
  /** Enables a disabled key. */
  enable(keyId: number): void;
  /**
   * Disables a key, which must not be the primary. Its ciphertexts cannot be decrypted until you enable
   * it.
   */
  disable(keyId: number): void;
  /** Removes a disabled key. Its ciphertexts can never be decrypted again. */
  destroyKey(keyId: number): void;
}

/** A stored version of a tenant's keys, encrypted. */
export interface StoredKeyset {
  readonly data: Uint8Array;
  /** Its number, 1 or more: random for the first version, and one more for each later version. */
  readonly version: number;
}

/** The version that a store is asked to store. */
export interface KeysetVersions {
  /** The number of the version to store. */
  readonly version: number;
  /** The number of the one that it replaces; 0 if there is none. */
  readonly previousVersion: number;
}

/** Where the keys of tenants are stored, encrypted. */
export interface KeysetStore {
  /**
   * Returns the newest version, or nothing. It must not read from a replica that may be out of date.
   */
  load(tenant: string): Promise<StoredKeyset | null | undefined>;
  /**
   * Stores `data` only if the stored version is `previousVersion` (0: none); otherwise it resolves to
   * false. The check and the write must be one atomic step. This is also true of first versions, whose
   * numbers are random: a primary key of `tenant` and `version` does not keep two of them apart.
   */
  save(tenant: string, data: OutputBuffer, versions: KeysetVersions): Promise<boolean>;
  /** Removes all versions. */
  remove(tenant: string): Promise<void>;
}

/**
 * Keys of tenants as files of a folder, which several processes of one machine may share. The name of a
 * tenant has at most 127 bytes of UTF-8.
 */
export class FolderKeysetStore implements KeysetStore {
  constructor(folder: string);
  load(tenant: string): Promise<(StoredKeyset & { readonly data: OutputBuffer }) | undefined>;
  save(tenant: string, data: OutputBuffer, versions: KeysetVersions): Promise<boolean>;
  remove(tenant: string): Promise<void>;
}

/** The options of {@link SqlKeysetStore}. */
export interface SqlKeysetStoreOptions {
  /** Runs a statement with parameters; resolves with the rows, or with an object that has `rows`. */
  readonly query: (sql: string, parameters: unknown[]) => unknown;
  /** How parameters are written: `$1` in PostgreSQL, `?` in SQLite (3.35 or later). */
  readonly dialect: "postgresql" | "sqlite";
  /** The table; `field_keys` by default. */
  readonly table?: string;
}

/** Keys of tenants in a table of PostgreSQL or SQLite. */
export class SqlKeysetStore implements KeysetStore {
  constructor(options: SqlKeysetStoreOptions);
  /** The SQL statement that creates the table. */
  readonly createTableSql: string;
  load(tenant: string): Promise<StoredKeyset | undefined>;
  save(tenant: string, data: OutputBuffer, versions: KeysetVersions): Promise<boolean>;
  remove(tenant: string): Promise<void>;
}

/** The options of {@link DynamoDbKeysetStore}. */
export interface DynamoDbKeysetStoreOptions {
  /** A `DynamoDBClient` of `@aws-sdk/client-dynamodb`. */
  readonly client: { send(command: never): Promise<unknown> };
  /** The module `@aws-sdk/client-dynamodb`, or its three commands. */
  readonly commands: {
    readonly GetItemCommand: new (input: never) => unknown;
    readonly PutItemCommand: new (input: never) => unknown;
    readonly DeleteItemCommand: new (input: never) => unknown;
  };
  /** A table whose partition key is the string `tenant`, without a sort key. */
  readonly tableName: string;
}

/** Keys of tenants in a table of DynamoDB. */
export class DynamoDbKeysetStore implements KeysetStore {
  constructor(options: DynamoDbKeysetStoreOptions);
  load(tenant: string): Promise<StoredKeyset | undefined>;
  save(tenant: string, data: OutputBuffer, versions: KeysetVersions): Promise<boolean>;
  remove(tenant: string): Promise<void>;
}

/** The options of {@link Fields.open}. */
export interface FieldsOptions {
  /** Encrypts the stored keys: one call of its key service for each tenant and version. */
  readonly envelope: Envelope;
  /** Where they are stored. */
  readonly store: KeysetStore;
  /** The name of the tenant; each value is bound to it. */
  readonly tenant: string;
  /** Whether to create the keys if there are none. */
  readonly create?: boolean;
  /** The type of the first key that encrypts; `AES256_GCM` by default. With `create`. */
  readonly keyType?: "AES128_GCM" | "AES256_GCM" | "AES256_GCM_SIV";
  /**
   * The time within which every process learns of a change of the keys, in milliseconds; 60,000 by
   * default. It is stored with the keys. With `create`.
   */
  readonly refreshMs?: number;
  /** How many values one key may encrypt in this process; 2^28 by default. */
  readonly maxEncryptionsPerKey?: number;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** What the keys of a tenant are for. */
export type FieldKeyPurpose = "encryption" | "deterministic" | "index";

/** A key of a tenant, without its secret. */
export interface FieldKeyInfo {
  readonly id: number;
  readonly purpose: FieldKeyPurpose;
  readonly type: string;
  readonly enabled: boolean;
  readonly primary: boolean;
  /** How many values it has encrypted in this process. */
  readonly encrypted: number;
  /** How long until it may be promoted, disabled or destroyed, in milliseconds. */
  readonly waitMs: number;
}

/** The options of calls on a tenant's keys. */
export interface FieldCallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** The options of calls that change what a key does. */
export interface FieldStepOptions extends FieldCallOptions {
  /** Does the step at once, even if some processes do not know the previous step yet. */
  readonly force?: boolean;
}

/** The types of values in JavaScript, by the names of columns' types. */
export interface FieldTypes {
  text: string;
  bytes: OutputBuffer;
  boolean: boolean;
  integer: number;
  bigint: bigint;
  number: number;
  json: unknown;
  date: Date;
}

/** How an encrypted value or an index is represented. */
export type FieldEncoding = "buffer" | "base64" | "base64url" | "hex";

/** A step that is applied to a text before its index is computed: one of these, or a function of yours. */
export type FieldNormalizer =
  /** The text in Unicode's form NFKC. */
  | "nfkc"
  /** The text in lower case. */
  | "lowercase"
  /** The text without white space at its ends. */
  | "trim"
  /** As `trim`, and one space in place of each run of white space. */
  | "whitespace"
  /** The digits of the text alone. */
  | "digits"
  /** What follows the last `@`. */
  | "domain"
  /** The last 4 characters. */
  | "last4"
  /** The first 4 characters, such as the year of a date. */
  | "year"
  | ((text: string) => string);

/** A blind index. */
export interface FieldIndexOptions {
  /** How many bits it has, from 1 to 256; 128 by default. Fewer bits give away less. */
  readonly bits?: number;
  /** What is applied to a value before its index is computed, in this order. */
  readonly normalize?: FieldNormalizer | readonly FieldNormalizer[];
}

/**
 * The kinds of values of other packages that a column still holds and reads:
 *
 * - `cloak`: `@47ng/cloak`, of prisma-field-encryption, with its `keys` (`k1.aesgcm256...`)
 * - `typeorm-encrypted`: its AES-GCM, with its `keys` in hexadecimal and `ivLength`, 16 by default
 * - `message`: Encryption SDK messages, under an `envelope` that needs no service
 * - `plaintext`: any other value, as it is. Anybody who can write to the column can then forge values.
 */
export type FieldOrigin =
  | { readonly kind: "cloak"; readonly keys: readonly string[] }
  | {
      readonly kind: "typeorm-encrypted";
      readonly keys: readonly string[];
      readonly ivLength?: number;
    }
  | {
      readonly kind: "message";
      readonly envelope: Envelope;
      readonly encryptionContext?: EncryptionContext;
    }
  | { readonly kind: "plaintext" };

/** The options of {@link Fields.column}. */
export interface FieldColumnOptions<
  T extends keyof FieldTypes = keyof FieldTypes,
  E extends FieldEncoding = "buffer",
> {
  /** The name of the table. Values are bound to it: they cannot be read under another name. */
  readonly table: string;
  /** The name of the column. Values are bound to it, too. */
  readonly column: string;
  /** The type of the values. */
  readonly type: T;
  /** How encrypted values and indexes are represented; as Buffers by default. */
  readonly encoding?: E;
  /** Whether equal values get equal ciphertexts, for unique constraints and joins. */
  readonly deterministic?: boolean;
  /** The column's blind index. */
  readonly index?: FieldIndexOptions;
  /** More blind indexes, by name. */
  readonly indexes?: { readonly [name: string]: FieldIndexOptions };
  /** Values of other packages that the column still holds; tried in this order, after our own. */
  readonly from?: readonly FieldOrigin[];
}

/** The key of a row: a string, a safe integer, a bigint or bytes. `1`, `1n` and `"1"` are one row. */
export type FieldRow = string | number | bigint | Uint8Array;

/** The type of an encrypted value, by its encoding. */
export type EncodedField<E extends FieldEncoding> = E extends "buffer" ? OutputBuffer : string;

/** Encrypts and decrypts the values of a column; all its calls are synchronous. */
export interface FieldColumn<
  T extends keyof FieldTypes = keyof FieldTypes,
  E extends FieldEncoding = "buffer",
> {
  /** Returns the encrypted value of a row; null stays null. */
  encrypt(value: InputOf<T>, options?: { readonly row?: FieldRow }): EncodedField<E>;
  encrypt(value: null, options?: { readonly row?: FieldRow }): null;
  encrypt<F extends FieldEncoding>(
    value: InputOf<T>,
    options: { readonly row?: FieldRow; readonly encoding: F },
  ): EncodedField<F>;
  encrypt(value: InputOf<T> | null, options?: { readonly row?: FieldRow }): EncodedField<E> | null;
  /** Returns the decrypted value of a row; null stays null. */
  decrypt(
    value: Uint8Array | string,
    options?: { readonly row?: FieldRow; readonly encoding?: FieldEncoding },
  ): FieldTypes[T];
  decrypt(value: null, options?: { readonly row?: FieldRow }): null;
  decrypt(
    value: Uint8Array | string | null,
    options?: { readonly row?: FieldRow; readonly encoding?: FieldEncoding },
  ): FieldTypes[T] | null;
  /** Returns many values, encrypted in one call; `rows` has the row of each. */
  encryptMany(
    values: readonly (InputOf<T> | null)[],
    options?: { readonly rows?: readonly (FieldRow | undefined)[] },
  ): (EncodedField<E> | null)[];
  /** Returns many values, decrypted in one call; `rows` has the row of each. */
  decryptMany(
    values: readonly (Uint8Array | string | null)[],
    options?: {
      readonly rows?: readonly (FieldRow | undefined)[];
      readonly encoding?: FieldEncoding;
    },
  ): (FieldTypes[T] | null)[];
  /** Returns the blind index of a value, under the primary key or the one with `keyId`. */
  index(
    value: InputOf<T>,
    options?: { readonly name?: string; readonly keyId?: number },
  ): EncodedField<E>;
  index(value: null, options?: { readonly name?: string; readonly keyId?: number }): null;
  /** Returns the index under each enabled key, for a search while the key is rotated. */
  indexes(value: InputOf<T> | null, options?: { readonly name?: string }): EncodedField<E>[];
}

/** The type of the values that a column encrypts. */
export type InputOf<T extends keyof FieldTypes> = T extends "bytes" ? Bytes : FieldTypes[T];

/** The encrypted columns of a tenant. */
export class Fields {
  private constructor();
  /**
   * Opens a tenant's keys. Calls for the same envelope, store and tenant share one result; it is
   * renewed in the background.
   */
  static open(options: FieldsOptions): Promise<Fields>;
  /** The name of the tenant. */
  readonly tenant: string;
  /** The time within which every process learns of a change of the keys, in milliseconds. */
  readonly refreshMs: number;
  /** Whether `close` was called. */
  readonly closed: boolean;
  /** Returns a column, with its type and its indexes. */
  column<T extends keyof FieldTypes, E extends FieldEncoding = "buffer">(
    options: FieldColumnOptions<T, E>,
  ): FieldColumn<T, E>;
  /** Returns the tenant's keys, without their secrets. */
  keys(purpose?: FieldKeyPurpose): FieldKeyInfo[];
  /** Returns the keyset of a purpose, as it is now: for `export`, so that other languages can read the values. */
  keyset(purpose?: FieldKeyPurpose): Keyset;
  /** Adds a key, which encrypts after `promote`; resolves with its id. */
  addKey(
    purpose?: FieldKeyPurpose,
    options?: FieldCallOptions & { readonly type?: KeyType },
  ): Promise<number>;
  /** Lets a key encrypt. It must have been added twice `refreshMs` before, so that every process has it. */
  promote(keyId: number, options?: FieldStepOptions): Promise<void>;
  /** Enables a disabled key. */
  enable(keyId: number, options?: FieldStepOptions): Promise<void>;
  /** Disables a key. Another must have been promoted twice `refreshMs` before. */
  disable(keyId: number, options?: FieldStepOptions): Promise<void>;
  /**
   * Removes a key, which must have been disabled twice `refreshMs` before. Its values can never be
   * decrypted again.
   */
  destroyKey(keyId: number, options?: FieldStepOptions): Promise<void>;
  /**
   * Does the next step of a rotation: adds a key, or promotes the added one once `refreshMs` has passed
   * twice. Call it again after `waitMs`.
   */
  rotate(
    purpose?: FieldKeyPurpose,
    options?: FieldCallOptions,
  ): Promise<{ readonly keyId: number; readonly promoted: boolean; readonly waitMs: number }>;
  /** Reads the keys from the store again. */
  refresh(options?: FieldCallOptions): Promise<void>;
  /** Removes all keys of the tenant. None of its values can ever be decrypted again. */
  destroy(options?: FieldCallOptions): Promise<void>;
  /** Wipes the keys from this process. */
  close(): void;
  [Symbol.dispose](): void;
}
