import { Injectable } from "@nestjs/common";
import { errors, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyOptions } from "jose";
import { ServiceError } from "../common/service-error.js";
import { Clock } from "../common/clock.js";
import { DAY, later, MINUTE } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Log } from "../logging/log.js";
import { isUserId } from "./caller.js";
import { IssuerKeys } from "./issuer-keys.js";

const MAX_TOKEN_LENGTH = 8192;

/** Checks bearer tokens: signature, issuer, audience, time. */
@Injectable()
export class Tokens {
  private readonly secret: Uint8Array | undefined;
  private readonly keys: IssuerKeys | undefined;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    log: Log,
  ) {
    const url = config.AUTH_JWKS_URL;
    const staleMs = config.AUTH_JWKS_STALE_MINUTES * MINUTE;
    if (url) this.keys = new IssuerKeys({ url, staleMs, log });
    else this.secret = new TextEncoder().encode(config.AUTH_SHARED_SECRET);
  }

  /** @throws {ServiceError} `UNAUTHENTICATED`, always the same, whatever is wrong. */
  async verify(authorization: string | undefined): Promise<{ userId: string; roles: Set<string> }> {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
    if (!token || token.length > MAX_TOKEN_LENGTH) throw unauthenticated();
    const payload = await this.payloadOf(token);
    const userId = payload.sub;
    if (!isUserId(userId)) throw unauthenticated();
    return { userId, roles: rolesIn(payload[this.config.AUTH_ROLES_CLAIM]) };
  }

  /** A token for development, where this service is its own issuer. */
  async issueForDevelopment(userId: string, roles: readonly string[], days = 30): Promise<string> {
    if (!this.secret || !this.config.issuesDevelopmentTokens) {
      throw new Error("tokens come from the configured issuer");
    }
    const now = this.clock.now();
    return new SignJWT({ [this.config.AUTH_ROLES_CLAIM]: roles })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(userId)
      .setIssuer(this.config.AUTH_ISSUER)
      .setAudience(this.config.AUTH_AUDIENCE)
      .setIssuedAt(now)
      .setExpirationTime(later(now, days * DAY))
      .sign(this.secret);
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    const options: JWTVerifyOptions = {
      issuer: this.config.AUTH_ISSUER,
      audience: this.config.AUTH_AUDIENCE,
      currentDate: this.clock.now(),
      requiredClaims: ["sub", "exp"],
      clockTolerance: 5,
    };
    try {
      // The algorithms are named, so that a token cannot choose a weaker one or the other kind.
      const { payload } = this.keys
        ? await jwtVerify(token, this.keys.get, { ...options, algorithms: ASYMMETRIC })
        : await jwtVerify(token, this.secret!, { ...options, algorithms: ["HS256"] });
      return payload;
    } catch (error) {
      throw isOfIssuer(error) ? issuerUnavailable(error) : unauthenticated(error);
    }
  }
}

const ASYMMETRIC = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];

function rolesIn(claim: unknown): Set<string> {
  if (typeof claim === "string") return new Set(claim.split(" "));
  if (!Array.isArray(claim)) return new Set();
  return new Set(claim.filter((role): role is string => typeof role === "string"));
}

/** Whether the issuer is to blame, and the token may be good. */
function isOfIssuer(error: unknown): boolean {
  return !(error instanceof errors.JOSEError);
}

function issuerUnavailable(cause: unknown): ServiceError {
  const message = "Tokens cannot be checked now; try again later.";
  return new ServiceError("ISSUER_UNAVAILABLE", message, { retryAfterSeconds: 5 }, cause);
}

function unauthenticated(cause?: unknown): ServiceError {
  const message = "Send a valid bearer token in the header Authorization.";
  return new ServiceError("UNAUTHENTICATED", message, {}, cause);
}
