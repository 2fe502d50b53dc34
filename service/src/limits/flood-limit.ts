import type { RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import { MINUTE } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import type { Config } from "../config/config.js";

/** Refuses an address that floods this instance, before anything is read or checked. */
export function floodLimit(config: Config, onRefusal: () => void = () => {}): RequestHandler {
  const limit = config.LIMIT_ADDRESS_REQUESTS_PER_MINUTE;
  if (limit === 0) return (_request, _response, next) => next();
  return rateLimit({
    windowMs: MINUTE,
    limit,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    // Whose word counts is TRUST_PROXY's affair; the library would complain on the console.
    validate: { xForwardedForHeader: false },
    handler: (_request, response) => {
      onRefusal();
      const retryAfterSeconds = Number(response.getHeader("retry-after")) || 60;
      const { message, extensions } = new ServiceError(
        "TOO_MANY_REQUESTS",
        "Too many requests from this address; try again later.",
        { retryAfterSeconds },
      );
      response.status(429).json({ errors: [{ message, extensions }] });
    },
  });
}
