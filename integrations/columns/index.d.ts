// What the adapters of the ORMs have in common.
import type { FieldNormalizer, FieldOrigin, Fields, FieldTypes } from "../../index.js";

/** How an encrypted column is declared, once, whatever the ORM. */
export interface ColumnDeclaration<T extends keyof FieldTypes = keyof FieldTypes> {
  /** The type of the values. */
  readonly type: T;
  /** A blind index, by which equality, lists of values and null are searched. */
  readonly index?: ColumnIndex;
  /**
   * The type of the column in the database: `text` by default, with values in base64url; with `bytea`
   * (PostgreSQL) or `blob` (SQLite, MySQL) they are bytes, which are a quarter shorter.
   */
  readonly storage?: ColumnStorage;
  /** The name of the table that values are bound to, if it is not that of the table now. */
  readonly table?: string;
  /** The name of the column that values are bound to, if it is not that of the column now. */
  readonly column?: string;
  /** Values of other packages that the column still holds. */
  readonly from?: readonly FieldOrigin[];
}

/** The types of columns that hold encrypted values. */
export type ColumnStorage = "text" | "bytea" | "blob";

/** The blind index of an encrypted column, in a column of its own. */
export interface ColumnIndex {
  /** How many bits it has, from 64 to 256; 128 by default. */
  readonly bits?: number;
  /** What is applied to a value before its index is computed, in this order. */
  readonly normalize?: FieldNormalizer | readonly FieldNormalizer[];
  /** The name of its property; by default that of the encrypted property, followed by `Index`. */
  readonly name?: string;
  /** Whether no two rows may have the same value. Kysely makes no indexes, and refuses it. */
  readonly unique?: boolean;
}

/** The keys of a tenant, or a function that returns those of the current one. */
export type FieldsSource = Fields | (() => Fields);
