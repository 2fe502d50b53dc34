/** What the service answered, or why no answer came. `code` is stable: docs/errors.md lists it. */
export class KeyServiceError extends Error {
  override readonly name = "KeyServiceError";
  readonly code: string;
  /** When the service says that it is worth asking again, in seconds from now. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: string,
    message: string,
    { retryAfterSeconds, cause }: { retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nobody answered. */
export const NO_ANSWER: ReadonlySet<string> = new Set(["NETWORK_ERROR", "TIMEOUT", "BAD_GATEWAY"]);

/** It may have been carried out, or not: nobody answered, or the database was lost meanwhile. */
export const MAY_BE_DONE: ReadonlySet<string> = new Set([...NO_ANSWER, "DATABASE_UNAVAILABLE"]);

/** The service cannot do it now, and soon may. */
export const TRY_LATER: ReadonlySet<string> = new Set([
  "KMS_UNAVAILABLE",
  "ISSUER_UNAVAILABLE",
  "DATABASE_UNAVAILABLE",
  "CLOCK_DIFFERS",
  "TOO_MANY_REQUESTS",
]);

/** The key that the payload was made for is of no more use; another one is. */
export const KEY_GONE: ReadonlySet<string> = new Set(["KEY_DESTROYED", "KEY_NOT_FOUND"]);
