// Encrypted fields in Prisma: `kms-envelope/prisma`.
import type { ColumnDeclaration, FieldsSource } from "../columns/index.js";

export type * from "../columns/index.js";

/** The encrypted fields of a model by their names in the Prisma schema: String, Json or Bytes. */
export interface EncryptedFields {
  readonly [field: string]: Omit<ColumnDeclaration, "storage">;
}

/** The options of {@link encryptPrisma}. */
export interface EncryptPrismaOptions {
  /** The keys. */
  readonly fields: FieldsSource;
  /** The models with encrypted fields, by their names in the Prisma schema. */
  readonly models: { readonly [model: string]: EncryptedFields };
}

/**
 * Returns a client that encrypts and decrypts the fields of its models; it has the type of the old
 * client. The old client refuses these models from now on, because it would store their values in the
 * clear.
 */
export function encryptPrisma<T extends object>(client: T, options: EncryptPrismaOptions): T;
