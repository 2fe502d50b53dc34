// Envelopes and encrypted columns in NestJS: `kms-envelope/nest`, for NestJS 11 and 12.

import type {
  EncryptionContext,
  Envelope,
  EnvelopeOptions,
  FieldColumn,
  FieldColumnOptions,
  FieldEncoding,
  FieldTypes,
  Fields,
  FieldsOptions,
} from "../../index";
import type { EnvelopeErrorsOptions } from "../http/types";

export type { EnvelopeErrorsOptions, EnvelopeStatuses } from "../http/types";

/** A dynamic module of NestJS. */
export interface DynamicEnvelopeModule {
  module: any;
  global?: boolean;
  imports?: any[];
  providers?: any[];
  exports?: any[];
}

/** The token that a provider is injected by. */
export type InjectionToken<T> = symbol | (abstract new (...args: any[]) => T);

/** How a module is registered. */
export interface ModuleOptions {
  /** The name to inject it by; without one, it is injected by its class. */
  readonly name?: string;
  /** Whether all modules can use it without importing it; by default they can. */
  readonly global?: boolean;
}

/** How a module is registered whose options come from other providers, such as `ConfigService`. */
export interface AsyncModuleOptions<T> extends ModuleOptions {
  readonly imports?: any[];
  /** What the function is given. */
  readonly inject?: any[];
  readonly useFactory: (...injected: any[]) => T | Promise<T>;
}

/** What an envelope does when the application starts. */
export interface EnvelopeStart {
  /** Whether its keys are checked, as `Envelope.open` does; by default they are. */
  readonly check?: boolean;
  /** Encryption contexts whose data keys are fetched at the start; needs the option `cache`. */
  readonly warm?: readonly EncryptionContext[];
}

/**
 * Provides an {@link Envelope} to the application, under its class or a name. Its keys have been checked before
 * anything can use it, so that an application that cannot encrypt does not start. At shutdown its cache is
 * emptied.
 */
export class EnvelopeModule {
  static forRoot(options: ModuleOptions & EnvelopeStart & EnvelopeOptions): DynamicEnvelopeModule;
  /**
   * @example
   * EnvelopeModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ keyId: config.getOrThrow("ENCRYPTION_KEY_ID") }),
   * });
   */
  static forRootAsync(
    options: AsyncModuleOptions<(EnvelopeStart & EnvelopeOptions) | Envelope>,
  ): DynamicEnvelopeModule;
}

/** Injects an envelope; without a name, the type `Envelope` of a parameter does the same. */
export function InjectEnvelope(name?: string): PropertyDecorator & ParameterDecorator;
/** Returns what an envelope is provided under, such as to override it in a test. */
export function envelopeToken(name?: string): InjectionToken<Envelope>;

/** How the keys of columns are opened: as `Fields.open`, without the envelope. */
export type FieldsStart = Omit<FieldsOptions, "envelope" | "signal">;

/** Names the envelope of the keys. */
export interface FieldsEnvelope {
  /** The name of the envelope that encrypts the keys; without one, the envelope without a name. */
  readonly envelope?: string;
}

/**
 * Provides {@link Fields}, the encrypted columns of a tenant, under their class or a name; and single columns.
 * The keys are there before anything can use them, and are wiped at shutdown.
 */
export class FieldsModule {
  static forRoot(options: ModuleOptions & FieldsEnvelope & FieldsStart): DynamicEnvelopeModule;
  static forRootAsync(
    options: AsyncModuleOptions<FieldsStart> & FieldsEnvelope,
  ): DynamicEnvelopeModule;
  /**
   * Provides columns to the module that imports this.
   *
   * @param columns their options, or columns of {@link defineColumn}.
   * @param options the name of their fields, if these have one.
   */
  static forFeature(
    columns: readonly (FieldColumnOptions | DefinedColumn)[],
    options?: { readonly fields?: string },
  ): DynamicEnvelopeModule;
}

/** Injects fields; without a name, the type `Fields` of a parameter does the same. */
export function InjectFields(name?: string): PropertyDecorator & ParameterDecorator;
/** Returns what fields are provided under. */
export function fieldsToken(name?: string): InjectionToken<Fields>;

/** The names of a column. */
export interface ColumnName {
  readonly table: string;
  readonly column: string;
}

/** Injects a column of {@link FieldsModule.forFeature}, as a `FieldColumn`. */
export function InjectColumn(
  column: ColumnName,
  fields?: string,
): PropertyDecorator & ParameterDecorator;
/** Returns what a column is provided under. */
export function columnToken(column: ColumnName, fields?: string): symbol;

/** A column that is opened when the application starts. */
export type DefinedColumn<
  T extends keyof FieldTypes = keyof FieldTypes,
  E extends FieldEncoding = FieldEncoding,
> = FieldColumn<T, E> & ColumnName & { readonly options: FieldColumnOptions<T, E> };

/**
 * Returns a column for code that the container does not make, such as the transformer of an entity. It
 * works once {@link FieldsModule.forFeature} has opened it. Until then each call throws, and no value
 * is stored unencrypted.
 *
 * @example
 * export const email = defineColumn({ table: "users", column: "email", type: "text", index: {} });
 */
export function defineColumn<T extends keyof FieldTypes, E extends FieldEncoding = "buffer">(
  options: FieldColumnOptions<T, E>,
): DefinedColumn<T, E>;

/** Whether an envelope works, and if not, the code of the error. */
export type EnvelopeHealth = { status: "up" } | { status: "down"; code: string };

/**
 * Checks whether an envelope can encrypt and decrypt, for `HealthCheckService` of `@nestjs/terminus`.
 * The {@link EnvelopeModule} exports it.
 *
 * @example
 * check() {
 *   return this.health.check([() => this.indicator.isHealthy("encryption", this.envelope)]);
 * }
 */
export class EnvelopeHealthIndicator {
  /**
   * Encrypts and decrypts nothing, under a fresh data key unless the envelope has one cached. Resolves to
   * `down` and a code if that fails.
   *
   * @param options.encryptionContext pairs, if the envelope or the policy of its key requires some.
   * @param options.maxAgeMs how long an answer is used again, in milliseconds; 10,000 by default.
   * @param options.timeoutMs how long a round trip may take, in milliseconds; 5,000 by default.
   */
  isHealthy<Key extends string>(
    key: Key,
    envelope: Envelope,
    options?: {
      readonly encryptionContext?: EncryptionContext;
      readonly maxAgeMs?: number;
      readonly timeoutMs?: number;
    },
  ): Promise<Record<Key, EnvelopeHealth>>;
}

/**
 * An exception filter for errors of this package. The client gets a status and its usual words, no code
 * and no message. Errors of the server are logged whole. Protocols without a status send the same
 * words: in the error of GraphQL, in `{ status: "error", message }` of microservices, and in the event
 * `exception` of WebSockets.
 *
 * @example
 * app.useGlobalFilters(new EnvelopeExceptionFilter());
 */
export class EnvelopeExceptionFilter {
  constructor(options?: EnvelopeErrorsOptions);
  /** Returns an Observable that fails for a microservice, and otherwise nothing. */
  catch(error: any, host: any): any;
}
