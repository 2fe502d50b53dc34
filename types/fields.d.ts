// Fields: encrypted columns, and the keysets of Tink that they are encrypted under.
import type { Envelope } from "../index.js";
import type { AwsKmsKeyring } from "./keyrings.js";
import type { Bytes, EncryptionContext } from "./options.js";

/** How a keyset of Tink's is written. */
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
  /** What it is encrypted under; for the encrypted forms only. */
  readonly keyring?: KeysetKeyring;
  /** What the encrypted keyset is bound to; without it, nothing. */
  readonly associatedData?: Bytes;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** The options of {@link Keyset.export}. */
export interface KeysetExportOptions extends Omit<KeysetImportOptions, "from"> {
  /** The form of the keyset. In the clear, whoever sees it has the keys. */
  readonly to: KeysetForm;
}

/** What may be told of a key. */
export interface KeysetKeyInfo {
  /** The key's id, from 0 to 2^32 - 1. */
  readonly id: number;
  /** The name of Tink's key type, such as `AesGcmKey`; `unknown` for a disabled key of another. */
  readonly type: string;
  /** Whether it is used. */
  readonly enabled: boolean;
  /** Whether it is the one that encrypts. */
  readonly primary: boolean;
  /** What its ciphertexts begin with. */
  readonly prefix: "TINK" | "LEGACY" | "RAW" | "CRUNCHY";
}

/** A keyset of Google Tink's: keys with ids, one of them primary. Its keys stay in the addon. */
export class Keyset {
  private constructor();
  /** A keyset of one fresh key. */
  static generate(type: KeyType): Keyset;
  /** Reads a keyset that Tink, or `export`, wrote. */
  static import(keyset: Bytes, options: KeysetImportOptions): Promise<Keyset>;
  /** Writes the keyset as Tink reads it. */
  export(options: KeysetExportOptions): Promise<Buffer>;
  /** What it does: encrypt, encrypt deterministically, or compute a PRF. */
  readonly primitive: "aead" | "daead" | "prf";
  /** The id of the key that encrypts. */
  readonly primaryKeyId: number;
  /** The keys, in their order. */
  keys(): KeysetKeyInfo[];
  /** Encrypts under the primary key. */
  encrypt(plaintext: Bytes, associatedData?: Bytes): Buffer;
  /** Decrypts under whichever key encrypted. */
  decrypt(ciphertext: Bytes, associatedData?: Bytes): Buffer;
  /** Encrypts so that equal plaintexts, with equal associated data, have equal ciphertexts. */
  encryptDeterministic(plaintext: Bytes, associatedData?: Bytes): Buffer;
  /** Decrypts what `encryptDeterministic` gave. */
  decryptDeterministic(ciphertext: Bytes, associatedData?: Bytes): Buffer;
  /** The PRF of the input, of `length` bytes, under the primary key or the one with `keyId`. */
  prf(input: Bytes, length: number, options?: { readonly keyId?: number }): Buffer;
  /** Adds a fresh key, enabled but not primary; returns its id. */
  addKey(type: KeyType): number;
  /** Lets this key encrypt from now on. */
  promote(keyId: number): void;
  /** Uses a disabled key again. */
  enable(keyId: number): void;
  /** Uses a key no more; not the primary. */
  disable(keyId: number): void;
  /** Removes a disabled key: what it encrypted can be read no more. */
  destroyKey(keyId: number): void;
}

/** Where the keys of tenants are stored, encrypted. */
export interface KeysetStore {
  /** The newest version, or nothing. */
  load(
    tenant: string,
  ): Promise<{ readonly data: Uint8Array; readonly version: number } | null | undefined>;
  /**
   * Stores `data` only if the stored version is `previousVersion` (0: none); resolves with false if it
   * is not. The check and the write must be one atomic step.
   */
  save(
    tenant: string,
    data: Buffer,
    versions: { readonly version: number; readonly previousVersion: number },
  ): Promise<boolean>;
  /** Removes all versions. */
  remove(tenant: string): Promise<void>;
}

/** Keys of tenants as files of a folder, which several processes of one machine may share. */
export class FolderKeysetStore implements KeysetStore {
  constructor(folder: string);
  load(tenant: string): Promise<{ data: Buffer; version: number } | undefined>;
  save(
    tenant: string,
    data: Buffer,
    versions: { version: number; previousVersion: number },
  ): Promise<boolean>;
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
  /** The statement that makes the table. */
  readonly createTableSql: string;
  load(tenant: string): Promise<{ data: Uint8Array; version: number } | undefined>;
  save(
    tenant: string,
    data: Buffer,
    versions: { version: number; previousVersion: number },
  ): Promise<boolean>;
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
  load(tenant: string): Promise<{ data: Uint8Array; version: number } | undefined>;
  save(
    tenant: string,
    data: Buffer,
    versions: { version: number; previousVersion: number },
  ): Promise<boolean>;
  remove(tenant: string): Promise<void>;
}

/** The options of {@link Fields.open}. */
export interface FieldsOptions {
  /** What encrypts the stored keys: one call of its key service a tenant and version. */
  readonly envelope: Envelope;
  /** Where they are stored. */
  readonly store: KeysetStore;
  /** Whose values they are; part of what each value is bound to. */
  readonly tenant: string;
  /** Makes the keys if there are none. */
  readonly create?: boolean;
  /** The type of the first key that encrypts; `AES256_GCM` by default. With `create`. */
  readonly keyType?: "AES128_GCM" | "AES256_GCM" | "AES256_GCM_SIV";
  /**
   * Within what time all processes know of a change of the keys, in milliseconds; a minute by default.
   * It is stored with the keys. With `create`.
   */
  readonly refreshMs?: number;
  /** How many values one key may encrypt in this process; 2^28 by default. */
  readonly maxEncryptionsPerKey?: number;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** What the keys of a tenant are for. */
export type FieldKeyPurpose = "encryption" | "deterministic" | "index";

/** What may be told of a tenant's key. */
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

/** What a call may be given besides. */
export interface FieldCallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** The options of a step of a key. */
export interface FieldStepOptions extends FieldCallOptions {
  /** Does not wait until every process knows the step before. */
  readonly force?: boolean;
}

/** The types of values in JavaScript, by the names of columns' types. */
export interface FieldTypes {
  text: string;
  bytes: Buffer;
  boolean: boolean;
  integer: number;
  bigint: bigint;
  number: number;
  json: unknown;
  date: Date;
}

/** How an encrypted value or an index is given. */
export type FieldEncoding = "buffer" | "base64" | "base64url" | "hex";

/** What is done to a value before its index is computed, in turn. */
export type FieldNormalizer =
  | "nfkc"
  | "lowercase"
  | "trim"
  | "whitespace"
  | "digits"
  | "domain"
  | "last4"
  | "year"
  | ((text: string) => string);

/** A blind index. */
export interface FieldIndexOptions {
  /** How many bits it has, from 1 to 256; 128 by default. Fewer bits give away less. */
  readonly bits?: number;
  /** What is done to a value before. */
  readonly normalize?: FieldNormalizer | readonly FieldNormalizer[];
}

/**
 * Values of other packages that a column still holds, and is to read:
 *
 * - `cloak`: `@47ng/cloak`, of prisma-field-encryption, with its `keys` (`k1.aesgcm256...`)
 * - `typeorm-encrypted`: its AES-GCM, with its `keys` in hexadecimal and `ivLength`, 16 by default
 * - `message`: Encryption SDK messages, under an `envelope` that needs no service
 * - `plaintext`: anything else, as it is. Whoever can write to the column can then forge values.
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
  /** The table, as it is called for good. */
  readonly table: string;
  /** The column, as it is called for good. */
  readonly column: string;
  /** The type of the values. */
  readonly type: T;
  /** How values and indexes are given; Buffers by default. */
  readonly encoding?: E;
  /** Equal values have equal ciphertexts, for unique constraints and joins. */
  readonly deterministic?: boolean;
  /** The blind index. */
  readonly index?: FieldIndexOptions;
  /** More of them, by name. */
  readonly indexes?: { readonly [name: string]: FieldIndexOptions };
  /** What other values the column still holds; tried in this order, after those of this package. */
  readonly from?: readonly FieldOrigin[];
}

/** What names a row: a string, a safe integer, a bigint or bytes. `1`, `1n` and `"1"` are one row. */
export type FieldRow = string | number | bigint | Uint8Array;

/** What an encrypted value is, by its encoding. */
export type EncodedField<E extends FieldEncoding> = E extends "buffer" ? Buffer : string;

/** The values of a column; all its calls are synchronous. */
export interface FieldColumn<
  T extends keyof FieldTypes = keyof FieldTypes,
  E extends FieldEncoding = "buffer",
> {
  /** Encrypts a value for its row; null stays null. */
  encrypt(value: InputOf<T>, options?: { readonly row?: FieldRow }): EncodedField<E>;
  encrypt(value: null, options?: { readonly row?: FieldRow }): null;
  encrypt<F extends FieldEncoding>(
    value: InputOf<T>,
    options: { readonly row?: FieldRow; readonly encoding: F },
  ): EncodedField<F>;
  encrypt(value: InputOf<T> | null, options?: { readonly row?: FieldRow }): EncodedField<E> | null;
  /** Decrypts the value of a row. */
  decrypt(
    value: Uint8Array | string,
    options?: { readonly row?: FieldRow; readonly encoding?: FieldEncoding },
  ): FieldTypes[T];
  decrypt(value: null, options?: { readonly row?: FieldRow }): null;
  decrypt(
    value: Uint8Array | string | null,
    options?: { readonly row?: FieldRow; readonly encoding?: FieldEncoding },
  ): FieldTypes[T] | null;
  /** Encrypts many values in one call; `rows` has the row of each. */
  encryptMany(
    values: readonly (InputOf<T> | null)[],
    options?: { readonly rows?: readonly (FieldRow | undefined)[] },
  ): (EncodedField<E> | null)[];
  /** Decrypts many values in one call. */
  decryptMany(
    values: readonly (Uint8Array | string | null)[],
    options?: {
      readonly rows?: readonly (FieldRow | undefined)[];
      readonly encoding?: FieldEncoding;
    },
  ): (FieldTypes[T] | null)[];
  /** The blind index of a value, under the primary key or the one with `keyId`. */
  index(
    value: InputOf<T>,
    options?: { readonly name?: string; readonly keyId?: number },
  ): EncodedField<E>;
  index(value: null, options?: { readonly name?: string; readonly keyId?: number }): null;
  /** The index under each enabled key, for a search while the key is rotated. */
  indexes(value: InputOf<T> | null, options?: { readonly name?: string }): EncodedField<E>[];
}

/** What a column takes. */
export type InputOf<T extends keyof FieldTypes> = T extends "bytes" ? Bytes : FieldTypes[T];

/** The encrypted columns of a tenant. */
export class Fields {
  private constructor();
  /**
   * Opens a tenant's keys. Calls for the same envelope, store and tenant share one result; it is
   * renewed in the background.
   */
  static open(options: FieldsOptions): Promise<Fields>;
  /** Whose values they are. */
  readonly tenant: string;
  /** Within what time all processes know of a change, in milliseconds. */
  readonly refreshMs: number;
  /** Whether the keys were released. */
  readonly closed: boolean;
  /** A column. */
  column<T extends keyof FieldTypes, E extends FieldEncoding = "buffer">(
    options: FieldColumnOptions<T, E>,
  ): FieldColumn<T, E>;
  /** The keys. */
  keys(purpose?: FieldKeyPurpose): FieldKeyInfo[];
  /** The keyset of a purpose, as it is now: for `export`, so that other languages can read the values. */
  keyset(purpose?: FieldKeyPurpose): Keyset;
  /** Adds a key, which `promote` lets encrypt later; resolves with its id. */
  addKey(
    purpose?: FieldKeyPurpose,
    options?: FieldCallOptions & { readonly type?: KeyType },
  ): Promise<number>;
  /** Lets a key encrypt, twice `refreshMs` after it was added: every process has it then. */
  promote(keyId: number, options?: FieldStepOptions): Promise<void>;
  /** Uses a disabled key again. */
  enable(keyId: number, options?: FieldStepOptions): Promise<void>;
  /** Uses a key no more, twice `refreshMs` after another was promoted. */
  disable(keyId: number, options?: FieldStepOptions): Promise<void>;
  /** Removes a key, twice `refreshMs` after it was disabled: its values can be read no more. */
  destroyKey(keyId: number, options?: FieldStepOptions): Promise<void>;
  /**
   * The next step of a rotation: adds a key, or promotes the one that was added once its time has come.
   * Call it again after `waitMs`.
   */
  rotate(
    purpose?: FieldKeyPurpose,
    options?: FieldCallOptions,
  ): Promise<{ readonly keyId: number; readonly promoted: boolean; readonly waitMs: number }>;
  /** Reads the keys again. */
  refresh(options?: FieldCallOptions): Promise<void>;
  /** Removes all keys of the tenant: none of its values can be read any more. */
  destroy(options?: FieldCallOptions): Promise<void>;
  /** Wipes the keys from this process. */
  close(): void;
  [Symbol.dispose](): void;
}
