// Encrypted files over HTTP: `kms-envelope/express`, for Express 4 and 5 and for node:http.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Envelope } from "../../index";
import type { EnvelopeErrorsOptions, FileSource } from "../http/types";

export type * from "../http/types";

/** The options of {@link decryptedFile}. */
export interface DecryptedFileOptions extends EnvelopeErrorsOptions {
  /** Called with each error in full, for example to log it. A client that hangs up is not an error. */
  readonly onError?: (error: unknown) => void;
}

/** A handler for Express, and for `createServer` of `node:http`. It resolves once the answer is sent. */
export type FileHandler<Request> = (
  request: Request,
  response: ServerResponse,
  next?: (error?: any) => void,
) => Promise<void>;

/**
 * Returns a handler that decrypts an encrypted file and sends it, in constant memory: the whole file,
 * or the range that the client asks for. For a range, only its frames are read. No byte is sent before
 * its frame has verified.
 *
 * It answers GET and HEAD as RFC 9110 says: one range (206, 416), If-Range, If-Match, If-None-Match,
 * If-Modified-Since, If-Unmodified-Since. If there is no file, the next handler is called, or 404 is
 * sent.
 *
 * @param file the file, or a function that finds it for a request, and decides whether this client may
 * have it.
 * @example
 * app.get("/film", decryptedFile(envelope, { source: "film.mp4.encrypted", type: "video/mp4" }));
 */
export function decryptedFile<Request extends IncomingMessage = IncomingMessage>(
  envelope: Envelope,
  file: FileSource<Request>,
  options?: DecryptedFileOptions,
): FileHandler<Request>;

/**
 * Returns an error handler, to be used before your own: it gives errors of this package a `status`, and a
 * message that may be sent to clients. `cause` has the whole error, for your log.
 *
 * @example
 * app.use(envelopeErrors());
 */
export function envelopeErrors(
  options?: EnvelopeErrorsOptions,
): (error: any, request: any, response: any, next: (error?: any) => void) => void;
