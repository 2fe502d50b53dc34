// Encrypted files over HTTP: `kms-envelope/fastify`.

import type { Envelope } from "../../index";
import type { EnvelopeErrorsOptions, FileSource } from "../http/types";

export type * from "../http/types";

/**
 * Returns a handler of GET and HEAD routes that sends an encrypted file decrypted, in constant memory,
 * as `decryptedFile` of `kms-envelope/express` does. If there is no file, Fastify sends its 404.
 *
 * @example
 * app.get("/film", decryptedFile(envelope, { source: "film.mp4.encrypted", type: "video/mp4" }));
 */
export function decryptedFile<Request = any>(
  envelope: Envelope,
  file: FileSource<Request>,
  options?: EnvelopeErrorsOptions,
): (request: Request, reply: any) => Promise<unknown>;

/**
 * Returns a handler for `setErrorHandler`: it gives errors of this package a status, and a message that may be
 * sent to clients. `cause` has the whole error, which Fastify logs.
 *
 * @example
 * app.setErrorHandler(envelopeErrors());
 */
export function envelopeErrors(options?: EnvelopeErrorsOptions): (error: unknown) => never;
