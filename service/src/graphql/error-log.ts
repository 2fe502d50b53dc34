import type { ApolloServerPlugin } from "@apollo/server";
import type { GraphQLError } from "graphql";
import { ServiceError } from "../common/service-error.js";
import type { CallerRequest } from "../auth/caller.js";
import type { Log } from "../logging/log.js";
import { causeOfFailure } from "../database/unavailable.js";
import { causeOf, isExpected } from "./errors.js";

/** Of what we answer by its code, what an operator has to know, too. */
const LEVELS: Partial<Record<string, "error" | "warn">> = {
  KEY_UNUSABLE: "error",
  DEVICE_UNUSABLE: "error",
  CREDENTIAL_UNUSABLE: "error",
  DATA_UNUSABLE: "error",
  KMS_UNAVAILABLE: "warn",
  DATABASE_UNAVAILABLE: "warn",
  CLOCK_DIFFERS: "warn",
  ISSUER_UNAVAILABLE: "warn",
};

/** Writes to the log what went wrong here, under the id that the client was given. */
export function errorLog(
  log: Log,
  onError: (code: string) => void,
): ApolloServerPlugin<{ req: CallerRequest }> {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors, contextValue }) {
          const { id, caller } = contextValue.req;
          for (const error of errors) {
            const cause = causeOf(error);
            onError(codeOf(error, cause));
            const level = cause instanceof ServiceError ? LEVELS[cause.code] : undefined;
            if (!level && isExpected(error)) continue;
            const details = { id, userId: caller?.userId, path: error.path };
            log[level ?? "error"]({ ...details, ...describe(cause) }, "a request failed");
          }
        },
      };
    },
  };
}

function codeOf(error: GraphQLError, cause: unknown): string {
  if (cause instanceof ServiceError) return cause.code;
  return isExpected(error) ? String(error.extensions.code) : "INTERNAL";
}

/** Names and places, but no messages, which may repeat what was sent. */
function describe(error: unknown): { code?: unknown; reason?: string; at?: string } {
  if (error instanceof ServiceError) {
    const { code, originalError } = error;
    return { code, reason: (originalError as { code?: string } | undefined)?.code };
  }
  if (!(error instanceof Error)) return { reason: typeof error };
  const { code } = causeOfFailure(error);
  return { code, reason: error.name, at: error.stack?.split("\n    at ")[1] };
}
