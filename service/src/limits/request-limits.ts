import type { RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import type { CallerRequest } from "../auth/caller.js";
import type { Tokens } from "../auth/tokens.js";
import { MINUTE } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import type { Config } from "../config/config.js";
import { isAnsweredProbe } from "../health/probes.js";
import { addressGroup, addressOf } from "./client-address.js";

type CountedRequest = CallerRequest & { countedBy?: "user" | "address" };

/**
 * Refuses whoever floods this instance, before a body is read. A request with a valid token counts
 * for its user; all others count for their address, which many users may share.
 */
export function requestLimits(
  config: Config,
  tokens: Tokens,
  onRefusal: () => void = () => {},
): RequestHandler {
  const limits = {
    user: config.LIMIT_USER_REQUESTS_PER_MINUTE,
    address: config.LIMIT_ADDRESS_REQUESTS_PER_MINUTE,
  };
  return rateLimit({
    windowMs: MINUTE,
    skip: async (request: CountedRequest) => {
      if (isAnsweredProbe(request, config)) return true;
      const { authorization } = request.headers;
      // The guard asks for the same, and reports what is wrong.
      request.verified = tokens.verify(authorization);
      const caller = authorization ? request.verified : Promise.reject();
      request.verified.catch(() => {});
      request.countedBy = await caller.then(
        () => "user" as const,
        () => "address" as const,
      );
      return limits[request.countedBy] === 0;
    },
    limit: (request: CountedRequest) => limits[request.countedBy!],
    keyGenerator: async (request: CountedRequest) =>
      request.countedBy === "user"
        ? `user:${(await request.verified!).userId}`
        : `address:${addressGroup(addressOf(request))}`,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    // Whose word counts is TRUST_PROXY's affair; the library would complain on the console.
    validate: { xForwardedForHeader: false, keyGeneratorIpFallback: false },
    handler: (request, response) => {
      onRefusal();
      const limit = (request as CountedRequest).countedBy;
      const retryAfterSeconds = Number(response.getHeader("retry-after")) || 60;
      const { message, extensions } = new ServiceError(
        "TOO_MANY_REQUESTS",
        `Too many requests from this ${limit}; try again later.`,
        { limit, retryAfterSeconds },
      );
      response.status(429).json({ errors: [{ message, extensions }] });
    },
  });
}
