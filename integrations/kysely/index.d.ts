// Encrypted columns in Kysely: `kysely` 0.28 and 0.29, `kms-envelope/kysely`.
import type { ColumnDeclaration, FieldsSource } from "../columns/index.js";

export type * from "../columns/index.js";

/** The encrypted columns of a table by their names, as your statements write them. */
export interface EncryptedTable {
  readonly [column: string]: ColumnDeclaration;
}

/** The options of {@link encryptedTables}. */
export interface EncryptedTablesOptions {
  /**
   * Other plugins of Kysely, such as `CamelCasePlugin`. They get statements after this plugin and rows
   * before it. Do not give them to `new Kysely`.
   */
  readonly plugins?: readonly KyselyPlugin[];
}

/** A plugin of Kysely. */
export interface KyselyPlugin {
  transformQuery(args: any): any;
  transformResult(args: any): Promise<any>;
}

/** Encrypts and decrypts columns, as a plugin of Kysely. Statements on its tables are refused until it is open. */
export interface EncryptedTables extends KyselyPlugin {
  /** Gives the columns their keys, once, and returns the plugin. */
  open(options: { readonly fields: FieldsSource }): this;
}

/**
 * The column of a blind index in the interface of a table. You can read it but not write it: the plugin
 * writes it with its encrypted column. With another `storage` than `text` it is a `BlindIndex<Buffer>`.
 */
export interface BlindIndex<T extends string | Uint8Array = string> {
  readonly __select__: T | null;
  readonly __insert__: never;
  readonly __update__: never;
}

/**
 * Returns a plugin for `new Kysely({ dialect, plugins: [...] })` that encrypts what is written to the columns,
 * decrypts what is read, and searches by blind indexes.
 *
 * @param tables the encrypted columns, by table and column.
 * @example
 * const encryption = encryptedTables({ users: { email: { type: "text", index: {} } } });
 * const db = new Kysely<Database>({ dialect, plugins: [encryption] });
 * encryption.open({ fields });
 */
export function encryptedTables(
  tables: { readonly [table: string]: EncryptedTable },
  options?: EncryptedTablesOptions,
): EncryptedTables;
