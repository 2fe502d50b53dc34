// Objects of the Amazon S3 Encryption Clients: `kms-envelope/s3`.

import type { Readable } from "node:stream";
import type { Bytes, EncryptionContext, Envelope, Keyring, MessageHeader } from "../../index";
import type { DecryptS3Options, EncryptS3Options } from "./objects";

export * from "./objects";

/** The options of {@link EncryptedS3}. */
export interface EncryptedS3Options extends Omit<
  DecryptS3Options,
  "keyring" | "encryptionContext" | "signal"
> {
  /** A client of `@aws-sdk/client-s3`, which you install. */
  readonly client: S3ClientLike;
  /** Writes and reads objects of the S3 Encryption Clients. Give this, or `envelope`, or both. */
  readonly keyring?: Keyring;
  /**
   * Reads objects that are messages of this package, and writes them if there is no `keyring`.
   */
  readonly envelope?: Envelope;
  /** The end of an instruction file's key, to read and to delete; by default `.instruction`. */
  readonly instructionFileSuffix?: string;
  /** The longest body that `get` holds in memory, in bytes; by default 64 MiB. */
  readonly maxBufferLength?: number;
}

/** The part of an `S3Client` that is used. */
export interface S3ClientLike {
  send(command: any, options?: any): Promise<any>;
}

/** The place of an object, and all other parameters of the command that a call sends. */
export interface S3Place {
  readonly Bucket: string;
  readonly Key: string;
  readonly [name: string]: unknown;
}

/** What `put` takes beside the input of `PutObject`. */
export interface PutS3Options extends Pick<
  EncryptS3Options,
  "encryptionContext" | "format" | "storage" | "signal"
> {
  /**
   * For streams: the length of the parts in which they are uploaded, in bytes, from 5 MiB to 1 GiB; by
   * default 8 MiB. Up to six parts are in memory. S3 takes at most 10,000 parts.
   */
  readonly partLength?: number;
}

/** A range of a plaintext, in bytes. */
export interface S3Range {
  /** The first byte; by default 0. */
  readonly start?: number;
  /** The byte after the last; by default, and at most, the end. */
  readonly end?: number;
}

/** What `get` takes beside the input of `GetObject`. */
export interface GetS3Options extends Pick<DecryptS3Options, "encryptionContext" | "signal"> {
  /** Only this part of the plaintext of a message of this package, verified as the whole would be. */
  readonly range?: S3Range;
  /**
   * Only this part of the plaintext of an object of an S3 Encryption Client, **not verified**: anybody
   * who can write to the bucket can flip any bit of it unnoticed. AES-CBC has no ranges.
   */
  readonly unauthenticatedRange?: S3Range;
}

/** What `getFile` takes beside the input of `GetObject` and the destination. */
export interface GetS3FileOptions extends Pick<DecryptS3Options, "encryptionContext" | "signal"> {
  /** Whether an existing file is replaced; by default it is not. */
  readonly overwrite?: boolean;
}

/** The metadata of an object of an S3 Encryption Client; none of them are authenticated. */
export interface S3ObjectEncryption {
  readonly format: "V1" | "V2" | "V3";
  /**
   * The algorithm of the content: `ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY` (V3), `AES/GCM/NoPadding`, or
   * `AES/CBC/PKCS5Padding`.
   */
  readonly contentAlgorithm: string;
  /** How the data key is wrapped, by its name in V2, such as `kms+context`; V1 has no names. */
  readonly wrappingAlgorithm: string | undefined;
  /** The pairs to give to `get`, if the data key is bound to them. */
  readonly encryptionContext: EncryptionContext | undefined;
  /** The writer's description of the wrapping key, if the data key is not bound to pairs. */
  readonly description: Record<string, string> | undefined;
  /** Where the wrapped data key is. */
  readonly storage: "metadata" | "instructionFile";
  /** The options of `EncryptedS3` and `decryptS3Object` that you must set to read it; none for V3. */
  readonly requires: Pick<
    DecryptS3Options,
    "commitmentPolicy" | "legacyWrapping" | "legacyContent"
  >;
  /** The length of the plaintext, in bytes, where the object tells it. */
  readonly plaintextLength: number | undefined;
}

/** The header of a message of this package; none of it is authenticated. */
export interface S3MessageEncryption {
  readonly format: "message";
  readonly header: MessageHeader;
  /** The length of the plaintext, in bytes; unknown for signed messages. */
  readonly plaintextLength: number | undefined;
}

/** The options of `rewrapInstructionFile`: the present pairs, and the changes. */
export interface RewrapS3Options extends Pick<DecryptS3Options, "encryptionContext" | "signal"> {
  /**
   * The new wrapping key: a KMS key, or an AES or RSA key. If both keys are KMS keys, they must be in
   * one Region. By default the key of the `EncryptedS3`.
   */
  readonly to?: Keyring;
  /**
   * The new pairs; by default the present ones. From KMS to an AES or RSA key give `{}`, because such a
   * key has no pairs.
   */
  readonly newEncryptionContext?: EncryptionContext;
}

/**
 * The pairs of an encryption context; or `"any"` for the pairs that each object names; or a function
 * that returns the pairs for the metadata of an object.
 */
export type S3ContextOf =
  | EncryptionContext
  | "any"
  | ((encryption: S3ObjectEncryption | S3MessageEncryption) => EncryptionContext | undefined);

/** What `migrate` takes. */
export interface MigrateS3Options extends Pick<PutS3Options, "partLength" | "signal"> {
  /**
   * What writes the new object: V3 if it has a `keyring`, else a message. By default the `EncryptedS3` that
   * reads.
   */
  readonly to?: EncryptedS3;
  /**
   * As for `get`. With `"any"`, nothing checks that an object is in its own place: anybody who can write to
   * the bucket can exchange two objects. A function can compare the pairs with the key.
   */
  readonly encryptionContext?: S3ContextOf;
  /** The pairs of the new object; by default those of the old one. */
  readonly newEncryptionContext?: S3ContextOf;
  /** Whether to read and verify the object only, and write nothing. */
  readonly dryRun?: boolean;
}

/** What became of an object that was to be migrated. */
export interface S3Migration {
  /**
   * - `migrated`: the new object has replaced the old one
   * - `checked`: with `dryRun`, it would
   * - `unchanged`: it has the new format already
   * - `superseded`: the `VersionId` that was given is not the newest one; nothing was done
   * - `instructionFile`: it is the instruction file of an object that needs it; nothing was done
   * - `removed`: it was an instruction file, left over beside an object that was migrated
   */
  readonly status:
    "migrated" | "checked" | "unchanged" | "superseded" | "instructionFile" | "removed";
  /** The format that it had. */
  readonly from?: "V1" | "V2" | "V3" | "message";
  /** The format to have. */
  readonly to: "V3" | "message";
  /** The length of the plaintext, in bytes, where it is known. */
  readonly plaintextLength?: number;
}

/** Puts objects encrypted into S3, and gets them decrypted. */
export class EncryptedS3 {
  constructor(options: EncryptedS3Options);

  /**
   * Encrypts `Body` and puts it; resolves to the answer of `PutObject`, or of `CompleteMultipartUpload`.
   *
   * A stream (of Node.js, of the Web, or any other async iterable of bytes) may have any length: it is
   * uploaded by parts, in constant memory. Nothing is visible before all of it is there; if it fails or is
   * aborted, the parts are deleted before the call rejects.
   *
   * With `IfNoneMatch`, S3 rejects with `PreconditionFailed` if the object exists. If only its instruction file
   * does, `put` rejects with `ConditionalRequestConflict`: another `put` is under way, or was killed.
   */
  put(
    input: S3Place & {
      readonly Body: Bytes | AsyncIterable<Bytes>;
      readonly Metadata?: Record<string, string>;
    },
    options?: PutS3Options,
  ): Promise<Record<string, any>>;

  /**
   * Resolves to the answer of `GetObject`, with the plaintext as `body`, once all of it has verified; with a
   * range, to the answer of `HeadObject` with that part as `body`. Rejects with `ERR_ENVELOPE_LIMIT_EXCEEDED` for what is longer than
   * `maxBufferLength`.
   */
  get(input: S3Place, options?: GetS3Options): Promise<Record<string, any> & { body: Buffer }>;

  /**
   * Resolves to the answer of `GetObject`, with the plaintext as `stream`, in constant memory. An
   * object of an S3 Encryption Client has verified by then. Its encrypted body waits in memory (up to 4
   * MiB, and up to 32 MiB more that all streams share), and the rest in a temporary file without a
   * name. A message of this package verifies frame by frame, as with `decryptStream`: only the end of the
   * stream shows that it was whole.
   */
  getStream(
    input: S3Place,
    options?: Pick<DecryptS3Options, "encryptionContext" | "signal">,
  ): Promise<Record<string, any> & { stream: Readable; length?: number }>;

  /**
   * Writes the plaintext to a file, in constant memory, and resolves to the answer of `GetObject`, with the
   * `length` of the plaintext in bytes. The file appears once all of it has verified, or not at all, and only its
   * owner can read it (mode 0600). Until then the plaintext lies in a file without a name in the same folder.
   *
   * @param destination a path, or a `file:` URL.
   * @throws {EnvelopeError} also `ERR_ENVELOPE_FILE_EXISTS` without `overwrite`, `ERR_ENVELOPE_FILE`,
   * `ERR_ENVELOPE_DISK_FULL`.
   */
  getFile(
    input: S3Place,
    destination: string | URL,
    options?: GetS3FileOptions,
  ): Promise<Record<string, any> & { length: number }>;

  /**
   * Resolves to the answer of `HeadObject`, with `encryption`, which describes the encryption. It needs
   * no key. `encryption` is undefined if the object is not encrypted in a way that this package reads.
   */
  head(
    input: S3Place,
    options?: { readonly signal?: AbortSignal },
  ): Promise<
    Record<string, any> & { encryption: S3ObjectEncryption | S3MessageEncryption | undefined }
  >;

  /**
   * Copies an object within S3 as it is, still encrypted, and its instruction file with it; resolves to
   * the answer of `CopyObject`, or of `CompleteMultipartUpload` for more than 5 GiB. Read the copy with
   * the same key and encryption context. With `MetadataDirective: "REPLACE"` it keeps the metadata of
   * its encryption beside the new ones.
   *
   * @param to the input of `CopyObject`, without `CopySource`.
   */
  copy(
    from: S3Place,
    to: S3Place & { readonly Metadata?: Record<string, string> },
    options?: { readonly signal?: AbortSignal },
  ): Promise<Record<string, any>>;

  /**
   * Wraps the data key in the instruction file of an object again: under another key, another encryption
   * context, or both. From one KMS key to another, the data key never leaves KMS. Only that file is written, and
   * only if it is still the one that was read; otherwise S3 rejects with `PreconditionFailed`. Resolves to the answer of `PutObject`.
   *
   * Until you delete the old key, copies of the old file still open the object.
   */
  rewrapInstructionFile(place: S3Place, options: RewrapS3Options): Promise<Record<string, any>>;

  /**
   * Encrypts an object again, under a new data key, as V3 or as a message, and puts it in the place of
   * the old one, with its metadata, tags, headers and storage class. An object that has the new format
   * already is not touched, so you can repeat a call that was interrupted.
   *
   * It replaces the object only if all of it has verified, the new object has been read back, and
   * nobody has written to the place meanwhile. It takes constant memory. The new object has its data
   * key in the metadata; an old instruction file is deleted last.
   */
  migrate(place: S3Place, options?: MigrateS3Options): Promise<S3Migration>;

  /** Deletes the object and its instruction file; with `VersionId`, that version of the object alone. */
  delete(input: S3Place, options?: { readonly signal?: AbortSignal }): Promise<Record<string, any>>;
}
