// Encrypted columns in Drizzle: `kms-envelope/drizzle`.
// Drizzle has types of its own for `import` and for `require`, which do not fit each other.
import type * as pg from "drizzle-orm/pg-core" with { "resolution-mode": "import" };
import type * as pgCommon from "drizzle-orm/pg-core" with { "resolution-mode": "require" };
import type * as sqlite from "drizzle-orm/sqlite-core" with { "resolution-mode": "import" };
import type * as sqliteCommon from "drizzle-orm/sqlite-core" with { "resolution-mode": "require" };
import type { FieldTypes } from "../../index.js";
import type {
  ColumnDeclaration,
  ColumnIndex,
  ColumnStorage,
  FieldsSource,
} from "../columns/index.js";

export type * from "../columns/index.js";

/** How an encrypted column of a table is declared, beside its type. */
export interface EncryptedColumnOptions extends Omit<ColumnDeclaration, "type" | "index"> {
  /**
   * A blind index, by which equality and lists of values are searched; its column is declared beside the
   * encrypted one, with `encrypted.index`.
   */
  readonly index?: Pick<ColumnIndex, "bits" | "normalize">;
  /** The name of the column in the database, if it is not that of the property. */
  readonly name?: string;
}

/** How the column of a blind index is declared. */
export interface IndexColumnOptions<S extends ColumnStorage = ColumnStorage> {
  /** The name of the column in the database, if it is not that of the property. */
  readonly name?: string;
  /** That of the encrypted column. */
  readonly storage?: S;
}

/** Drizzle's builders of a column with values of the type `D`, by where `customType` comes from. */
export interface ColumnBuilders<D> {
  pg: pg.PgCustomColumnBuilder<pg.ConvertCustomConfig<"", { data: D }>>;
  pgCommon: pgCommon.PgCustomColumnBuilder<pgCommon.ConvertCustomConfig<"", { data: D }>>;
  sqlite: sqlite.SQLiteCustomColumnBuilder<sqlite.ConvertCustomConfig<"", { data: D }>>;
  sqliteCommon: sqliteCommon.SQLiteCustomColumnBuilder<
    sqliteCommon.ConvertCustomConfig<"", { data: D }>
  >;
}

/** Declares the encrypted columns of tables. */
export interface EncryptedColumns<K extends keyof ColumnBuilders<unknown>> {
  /** Returns an encrypted column: `email: encrypted("text")`. */
  <T extends keyof FieldTypes>(
    type: T,
    options?: EncryptedColumnOptions,
  ): ColumnBuilders<FieldTypes[T]>[K];
  /** Returns the column of the blind index of the property `of`: text, or bytes if its `storage` is not `text`. */
  index<S extends ColumnStorage = "text">(
    of: string,
    options?: IndexColumnOptions<S>,
  ): ColumnBuilders<S extends "text" ? string : FieldTypes["bytes"]>[K];
}

/**
 * Returns what declares encrypted columns, for `customType` of `drizzle-orm/pg-core` or of
 * `drizzle-orm/sqlite-core`. Until `encryptDrizzle` was called, such columns are neither written nor read.
 */
export function encryptedColumns(customType: typeof pg.customType): EncryptedColumns<"pg">;
export function encryptedColumns(customType: typeof sqlite.customType): EncryptedColumns<"sqlite">;
export function encryptedColumns(
  customType: typeof pgCommon.customType,
): EncryptedColumns<"pgCommon">;
export function encryptedColumns(
  customType: typeof sqliteCommon.customType,
): EncryptedColumns<"sqliteCommon">;

/**
 * Gives the encrypted columns of a schema their keys, lets a database encrypt and search by them, and
 * returns it.
 */
export function encryptDrizzle<T extends object>(
  db: T,
  options: {
    readonly fields: FieldsSource;
    /** The tables, as in `import * as schema from "./schema"`. Other values in it are ignored. */
    readonly schema: Readonly<Record<string, unknown>>;
  },
): T;
