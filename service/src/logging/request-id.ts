import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestHandler } from "express";

const ids = new AsyncLocalStorage<string>();

/** Remembers the id that the log gave a request, for all that is done for it. */
export const rememberRequestId: RequestHandler = (request, _response, next) => {
  ids.run(String((request as { id?: unknown }).id), next);
};

/** The id of the request that is being answered, as its header `x-request-id` says; else undefined. */
export function requestId(): string | undefined {
  return ids.getStore();
}
