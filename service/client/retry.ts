import { KeyServiceError } from "./errors.js";

export interface RetryOptions {
  /** How many times a request is sent at most. */
  attempts: number;
  /** The first pause; each further one is up to twice as long. */
  firstPauseMs: number;
  /** A service that asks for a longer pause than this is not waited for. */
  longestPauseMs: number;
}

interface Handling {
  isRetried(error: KeyServiceError): boolean;
  noteError?: ((error: KeyServiceError) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Calls until it works, or fails in a way that another call would not help. */
export async function retrying<T>(
  options: RetryOptions,
  call: () => Promise<T>,
  { isRetried, noteError, signal }: Handling,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      noteError?.(error);
      const pauseMs = pauseAfter(error, attempt, options);
      const last = attempt >= options.attempts || pauseMs > options.longestPauseMs;
      if (last || !isRetried(error)) throw error;
      await pause(pauseMs, signal);
    }
  }
}

/** What the service asks for; else doubling, with jitter so that clients do not come back at once. */
function pauseAfter(error: KeyServiceError, attempt: number, options: RetryOptions): number {
  if (error.retryAfterSeconds !== undefined) return error.retryAfterSeconds * 1000;
  const longest = Math.min(options.firstPauseMs * 2 ** (attempt - 1), options.longestPauseMs);
  return longest * (0.5 + Math.random() / 2);
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
