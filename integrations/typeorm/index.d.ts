// Encrypted columns in TypeORM: `kms-envelope/typeorm`.
import type { FieldTypes } from "../../index.js";
import type { ColumnDeclaration, ColumnStorage, FieldsSource } from "../columns/index.js";

export type * from "../columns/index.js";

/** How an encrypted property of an entity is declared. */
export interface EncryptedColumnOptions<
  T extends keyof FieldTypes = keyof FieldTypes,
> extends ColumnDeclaration<T> {
  /** The name of the column in the database. */
  readonly name?: string;
  /** Whether it may be null; by default it may not. */
  readonly nullable?: boolean;
  /** Whether queries that name no columns select it; by default they do. */
  readonly select?: boolean;
  /** The comment of the column. */
  readonly comment?: string;
}

/** A column as `EntitySchema` takes it. */
export interface EncryptedSchemaColumn {
  readonly type: ColumnStorage | "varchar";
  readonly nullable: boolean;
  readonly name?: string;
  readonly unique?: boolean;
  readonly select?: boolean;
  readonly comment?: string;
  readonly transformer: { to(value: unknown): unknown; from(value: unknown): unknown };
}

/**
 * Returns the decorator of an encrypted property. It declares the column of the blind index, too. Until
 * `encryptDataSource` was called, such a property is neither written nor read.
 */
export function EncryptedColumn(options: EncryptedColumnOptions): PropertyDecorator;

/**
 * Returns the columns of an encrypted property for the `columns` of an `EntitySchema`: its own, and that
 * of its blind index.
 */
export function encryptedColumn(
  property: string,
  options: EncryptedColumnOptions,
): Record<string, EncryptedSchemaColumn>;

/**
 * Gives the encrypted columns of a data source their keys, and returns it. Call it right after
 * `initialize()`.
 */
export function encryptDataSource<T extends { readonly isInitialized: boolean }>(
  dataSource: T,
  options: { readonly fields: FieldsSource },
): T;
