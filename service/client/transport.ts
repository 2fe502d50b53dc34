import { KeyServiceError } from "./errors.js";
import type { Mutation } from "./mutations.js";

export interface TransportOptions {
  /** Where the service's GraphQL answers: `/graphql`, or a whole URL. */
  url: string;
  /** The bearer token, or what gives a fresh one for each request. */
  token: string | (() => string | Promise<string>);
  /** How long one request may take. */
  timeoutMs: number;
  fetch: typeof fetch;
}

interface GraphQLAnswer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions?: { code?: string; retryAfterSeconds?: number } }[];
}

/** One GraphQL request over HTTP: the field's value, or a `KeyServiceError`. */
export class Transport {
  /** How far the service's clock is ahead of this device's, in milliseconds. */
  #skewMs = 0;

  constructor(private readonly options: TransportOptions) {}

  /** The time by the service's clock, as far as its answers have told it. */
  now(): Date {
    return new Date(Date.now() + this.#skewMs);
  }

  async request<T>(mutation: Mutation, input: object, signal?: AbortSignal): Promise<T> {
    const { document: query, field } = mutation;
    const { status, text } = await this.#post({ query, variables: { input } }, signal);
    const { data, errors } = readAnswer(status, text);
    const [error] = errors ?? [];
    if (error) {
      const { code = "UNKNOWN", retryAfterSeconds } = error.extensions ?? {};
      throw new KeyServiceError(code, error.message, { retryAfterSeconds });
    }
    return data?.[field] as T;
  }

  async #post(body: object, signal?: AbortSignal): Promise<{ status: number; text: string }> {
    const { url, token, timeoutMs, fetch } = this.options;
    const bearer = typeof token === "function" ? await token() : token;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
        body: JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      this.#learnTime(response);
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      signal?.throwIfAborted();
      if (!timeout.aborted) {
        throw new KeyServiceError("NETWORK_ERROR", "the service could not be reached", { cause });
      }
      throw new KeyServiceError("TIMEOUT", `no answer within ${timeoutMs} ms`, { cause });
    }
  }

  /** Other origins may not see this header: then the device's own clock must do. */
  #learnTime(response: Response): void {
    const theirs = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(theirs)) this.#skewMs = theirs - Date.now();
  }
}

/** A GraphQL answer, whatever its status; anything else came from something in between. */
function readAnswer(status: number, text: string): GraphQLAnswer {
  try {
    const answer = JSON.parse(text) as GraphQLAnswer | null;
    if (answer?.data || answer?.errors) return answer;
  } catch {
    // Told below, as any other answer that is not one of GraphQL.
  }
  throw new KeyServiceError(
    "BAD_GATEWAY",
    `the answer, of status ${status}, is not one of GraphQL`,
  );
}
