import type { RequestHandler } from "express";
import type { Prometheus } from "./prometheus.js";

/** Paths that are counted by their name; of what strangers make up there is no end. */
const KNOWN = /^\/(graphql|livez|readyz|metrics|dashboard|demo|\.well-known)(?=\/|$)/;

/** Counts each request that was answered. */
export function requestMetrics(prometheus: Prometheus): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now();
    const [path = "other"] = KNOWN.exec(request.path) ?? [];
    response.once("finish", () =>
      prometheus.countRequest(path, response.statusCode, (performance.now() - begun) / 1000),
    );
    next();
  };
}
