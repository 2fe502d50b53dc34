import { unwrapResolverError } from "@apollo/server/errors";
import type { GraphQLFormattedError } from "graphql";
import { ServiceError } from "../common/service-error.js";
import type { Log } from "../logging/log.js";

/** What Apollo Server itself answers, before a resolver runs; safe to pass on. */
const OF_APOLLO = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
]);

/** What a client sees of an error: its code, and nothing of what we did not mean to tell. */
export function errorFormatter(log: Log) {
  return (formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError => {
    const { message, locations, path } = formatted;
    const error = causeOf(thrown);
    if (error instanceof ServiceError) {
      return { message, locations, path, extensions: { ...error.extensions } };
    }
    const code = String(formatted.extensions?.code);
    if (OF_APOLLO.has(code)) {
      return { message: withoutValues(message), locations, path, extensions: { code } };
    }
    log.error({ reason: nameOf(error), path }, "a request failed unexpectedly");
    const extensions = { code: "INTERNAL" };
    return { message: "Something went wrong here; try again later.", locations, path, extensions };
  };
}

/** What a resolver threw, or a rule of ours reported, without what Apollo Server wraps it in. */
function causeOf(thrown: unknown): unknown {
  const error = unwrapResolverError(thrown);
  const original = (error as { originalError?: unknown }).originalError;
  return original instanceof ServiceError ? original : error;
}

/** GraphQL repeats what is wrong, which may be what was to be kept secret. */
function withoutValues(message: string): string {
  return message
    .replace(/ (found|got invalid value|value:) .*$/s, " $1 what is not shown here")
    .replace(/(Value|Unexpected \w+) ".*?"/s, "$1");
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = (error as { code?: unknown }).code;
  return [error.name, code, error.stack?.split("\n")[1]?.trim()].filter(Boolean).join(" ");
}
