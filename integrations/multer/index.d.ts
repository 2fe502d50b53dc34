// Uploads, encrypted while they stream: `kms-envelope/multer`, storage engines for multer 2.

import type { EncryptionContext, Envelope } from "../../index";
import type { EncryptedS3, PutS3Options } from "../s3/index";

/** A storage engine, as multer calls it. */
export interface EncryptedStorage {
  _handleFile(request: any, file: any, callback: (error?: any, info?: any) => void): void;
  _removeFile(request: any, file: any, callback: (error: Error | null) => void): void;
}

/** What multer knows about an upload before its bytes arrive; all of it comes from the client. */
export interface UploadedFile {
  readonly fieldname: string;
  readonly originalname: string;
  readonly encoding: string;
  readonly mimetype: string;
}

/** A setting: one value for all uploads, or a function that returns it for each. */
export type UploadSetting<T> = T | ((request: any, file: UploadedFile) => T | Promise<T>);

/** The options of {@link encryptedDiskStorage}. */
export interface EncryptedDiskStorageOptions {
  /** Encrypts the uploads. */
  readonly envelope: Envelope;
  /** The folder, which is created if it does not exist. */
  readonly destination: UploadSetting<string>;
  /**
   * The name of the file, without a folder; by default a fresh UUID and `.encrypted`. Do not use
   * `originalname` in it: a client chooses that. A name that exists already is refused.
   */
  readonly filename?: UploadSetting<string>;
  /** Pairs that are bound to the file, such as its owner. Give them again to read it. */
  readonly encryptionContext?: UploadSetting<EncryptionContext | undefined>;
}

/** What multer tells of an upload that was stored on disk, beside what {@link UploadedFile} has. */
export interface DiskUpload {
  readonly destination: string;
  readonly filename: string;
  /** The path of the encrypted file. */
  readonly path: string;
  /** The length of the plaintext, in bytes. */
  readonly size: number;
  /** The length of the encrypted file, in bytes. */
  readonly messageLength: number;
}

/**
 * Returns a storage engine for multer that encrypts uploads while they stream to files, in constant memory. A
 * file appears complete or not at all, and only its owner can read it. An upload that is too long, breaks off
 * or fails leaves nothing behind.
 *
 * @example
 * const upload = multer({ storage: encryptedDiskStorage({ envelope, destination: "uploads" }) });
 */
export function encryptedDiskStorage(options: EncryptedDiskStorageOptions): EncryptedStorage;

/** The options of {@link encryptedS3Storage}. */
export interface EncryptedS3StorageOptions {
  /** Encrypts the uploads and puts them. */
  readonly s3: EncryptedS3;
  readonly bucket: UploadSetting<string>;
  /** The object's key; by default a fresh UUID. An object of that key is replaced. */
  readonly key?: UploadSetting<string>;
  /** Pairs that are bound to the object. Give them again to read it. */
  readonly encryptionContext?: UploadSetting<EncryptionContext | undefined>;
  /** More parameters of `PutObject`, such as `StorageClass`. */
  readonly input?: UploadSetting<Record<string, unknown> | undefined>;
  /** The options of `EncryptedS3.put`. */
  readonly put?: Pick<PutS3Options, "format" | "storage" | "partLength">;
}

/** What multer tells of an upload that was stored in S3, beside what {@link UploadedFile} has. */
export interface S3Upload {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string | undefined;
  /** The length of the plaintext, in bytes. */
  readonly size: number;
}

/**
 * Returns a storage engine for multer that encrypts uploads while they stream to S3, by parts, in constant
 * memory. An upload that is too long, breaks off or fails leaves nothing behind.
 *
 * @example
 * const storage = encryptedS3Storage({ s3: new EncryptedS3({ client, envelope }), bucket: "uploads" });
 */
export function encryptedS3Storage(options: EncryptedS3StorageOptions): EncryptedStorage;
