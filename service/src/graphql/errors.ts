import { unwrapResolverError } from "@apollo/server/errors";
import type { GraphQLFormattedError } from "graphql";
import { orUnavailable } from "../database/unavailable.js";
import { ServiceError } from "../common/service-error.js";

/** What Apollo Server itself answers, before a resolver runs; safe to pass on. */
const OF_APOLLO = new Set<unknown>([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
]);

/** What a client sees of an error: its code, and nothing of what we did not mean to tell. */
export function formatError(
  formatted: GraphQLFormattedError,
  thrown: unknown,
): GraphQLFormattedError {
  const { message, locations, path, extensions } = formatted;
  const error = causeOf(thrown);
  if (error instanceof ServiceError) {
    return { message, locations, path, extensions: { ...error.extensions } };
  }
  const code = extensions?.code;
  if (OF_APOLLO.has(code)) {
    return { message: withoutValues(message), locations, path, extensions: { code } };
  }
  const unexpected = "Something went wrong here; try again later.";
  return { message: unexpected, locations, path, extensions: { code: "INTERNAL" } };
}

/** Whether a request that was answered so is the caller's affair alone. */
export function isExpected(error: { extensions?: { code?: unknown } }): boolean {
  return causeOf(error) instanceof ServiceError || OF_APOLLO.has(error.extensions?.code);
}

/** What a resolver threw, or a rule of ours reported, without what Apollo Server wraps it in. */
export function causeOf(thrown: unknown): unknown {
  const error = unwrapResolverError(thrown);
  const original = (error as { originalError?: unknown } | undefined)?.originalError;
  return original instanceof ServiceError ? original : orUnavailable(error);
}

/** GraphQL repeats what is wrong, which may be what was to be kept secret. */
function withoutValues(message: string): string {
  return message
    .replace(/ (found|got invalid value|value:) .*$/s, " $1 what is not shown here")
    .replace(/(Value|Unexpected \w+) ".*?"/s, "$1");
}
