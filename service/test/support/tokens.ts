import { SignJWT } from "jose";

const SECRET = "a shared secret of the tests alone, long enough";

/** The settings of a service that takes the tokens of `signToken`. */
export const TOKEN_SETTINGS = {
  AUTH_SHARED_SECRET: SECRET,
  AUTH_ISSUER: "tests",
  AUTH_AUDIENCE: "service",
};

/** A token of an issuer outside of the service. */
export function signToken(userId: string, ...roles: string[]): Promise<string> {
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuer(TOKEN_SETTINGS.AUTH_ISSUER)
    .setAudience(TOKEN_SETTINGS.AUTH_AUDIENCE)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}
