import { ServiceError } from "../common/service-error.js";

const RETRY_AFTER_SECONDS = 1;

/**
 * SQLSTATEs, or their classes, that say "not now": connection exceptions, a server that is out of disk,
 * memory or connections, one that is shutting down or starting, statements cut off by a timeout,
 * deadlocks, I/O errors, a server that became read-only in a failover, and logins that fail.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const UNAVAILABLE_SQLSTATE =
  /^(08|28|40|53|57|58)...$|^(25006|25P03|25P04|3D000|55P03|XX001|XX002)$/;

const UNAVAILABLE_SYSTEM = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** What pg and pg-pool say without a code. */
const UNAVAILABLE_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable|Cannot use a pool after calling end)/;

/** What the database or the connection said: the innermost cause, without the statement. */
export function causeOfFailure(error: unknown): { code?: string; message: string } {
  const { cause, code, message } = (error ?? {}) as { cause?: unknown; code?: string } & Error;
  if (cause instanceof Error) return causeOfFailure(cause);
  return { ...(code && { code: String(code) }), message: message ?? String(error) };
}

/** For the log: never the statement, which repeats its values. */
export function describeFailure(error: unknown): { reason: string; sqlState?: string } {
  const { code, message } = causeOfFailure(error);
  return { reason: message, ...(code && { sqlState: code }) };
}

/** Whether the database could not do it now, and may do the same soon. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof ServiceError) return error.code === "DATABASE_UNAVAILABLE";
  const { code, message } = causeOfFailure(error);
  if (code === undefined) return UNAVAILABLE_MESSAGE.test(message);
  return UNAVAILABLE_SYSTEM.has(code) || UNAVAILABLE_SQLSTATE.test(code);
}

/** `DATABASE_UNAVAILABLE` in place of what the database or its driver said; any other error as it is. */
export function orUnavailable(error: unknown): unknown {
  if (error instanceof ServiceError || !isUnavailable(error)) return error;
  const { code, message } = causeOfFailure(error);
  return new ServiceError(
    "DATABASE_UNAVAILABLE",
    "The database cannot be used now; try again later.",
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
    Object.assign(new Error(message), { code: code ?? message }),
  );
}
