// What the handlers for Express, node:http and Fastify have in common.
import type {
  EncryptionContext,
  EnvelopeErrorCode,
  MessageSource,
  OpenedMessage,
} from "../../index";

/** An encrypted file, and how it is sent. */
export type EncryptedFile = FileDescription &
  (
    | {
        /** Where the message is; as for `envelope.openMessage`. */
        readonly source: MessageSource;
        /** Pairs that the message must have, such as its owner; otherwise it is not sent. */
        readonly encryptionContext?: EncryptionContext;
        readonly message?: never;
      }
    | {
        /** A message that you have opened, and close: a request then makes no call of the key service. */
        readonly message: OpenedMessage;
        readonly source?: never;
        readonly encryptionContext?: never;
      }
  );

/**
 * What a client is told about a file besides its bytes. A header that is set already stays as it is.
 */
export interface FileDescription {
  /** The Content-Type; `application/octet-stream` by default. */
  readonly type?: string;
  /** The name that a browser saves it under. */
  readonly filename?: string;
  /** Whether a browser shows the file and does not save it. Do not set it for uploads of strangers. */
  readonly inline?: boolean;
  /** A strong entity tag, in its quotes; the message's id by default. */
  readonly etag?: string;
  /** When the file was last modified; by default no client is told. */
  readonly lastModified?: Date;
  /** The Cache-Control; `no-store` by default, as it is plaintext that a cache would store. */
  readonly cacheControl?: string;
}

/** What the function that finds a file is given beside the request. */
export interface FindOptions {
  /** Fires when the client hangs up. */
  readonly signal: AbortSignal;
}

/**
 * The file that a handler sends, or a function that finds it for a request, and decides whether this
 * client may have it. Without a file the answer is 404.
 */
export type FileSource<Request> = EncryptedFile | FileFinder<Request>;

/** Finds the file for a request. */
export type FileFinder<Request> = (
  request: Request,
  options: FindOptions,
) => EncryptedFile | null | undefined | Promise<EncryptedFile | null | undefined>;

/** An application's own HTTP statuses, from 400 to 599, by error code. */
export type EnvelopeStatuses = { readonly [code in EnvelopeErrorCode]?: number };

/** The options of `envelopeErrors`. */
export interface EnvelopeErrorsOptions {
  /**
   * Statuses in place of the usual ones: 503 for errors that may pass, 404 for a missing file, 413 for
   * too much data, 500 for most others. If clients send you messages,
   * `ERR_ENVELOPE_AUTHENTICATION_FAILED` may be 400.
   */
  readonly statuses?: EnvelopeStatuses;
}
