import { isInstalled } from "../graphql/graphiql-files.js";
import type { Fields } from "./fields.js";

/** What a payload needs around it in a body, and beside it. */
const AROUND_PAYLOAD = 2048;

/** What is wrong with several settings together. */
export function problemsBetween(fields: Fields): string[] {
  return [
    ...authProblems(fields),
    ...keyProblems(fields),
    ...lengthProblems("PASSCODE", fields.PASSCODE_MIN_LENGTH, fields.PASSCODE_MAX_LENGTH),
    ...lengthProblems("PIN", fields.PIN_MIN_LENGTH, fields.PIN_MAX_LENGTH),
    ...drainProblems(fields),
    ...graphiqlProblems(fields),
    ...bodyProblems(fields),
  ];
}

function authProblems(fields: Fields): string[] {
  const { NODE_ENV, AUTH_JWKS_URL, AUTH_SHARED_SECRET, AUTH_ISSUER, AUTH_AUDIENCE } = fields;
  const production = NODE_ENV === "production";
  const problems: string[] = [];
  if (AUTH_JWKS_URL && AUTH_SHARED_SECRET) {
    problems.push("AUTH_JWKS_URL, AUTH_SHARED_SECRET: give one of them, not both");
  }
  if (production && !AUTH_JWKS_URL && !AUTH_SHARED_SECRET) {
    problems.push(
      "AUTH_JWKS_URL: production needs a token issuer: its JWKS address, or AUTH_SHARED_SECRET",
    );
  }
  if (production && AUTH_JWKS_URL && !isProtected(AUTH_JWKS_URL)) {
    problems.push("AUTH_JWKS_URL: production needs an https:// address");
  }
  const tokensOfOthers = production || AUTH_JWKS_URL || AUTH_SHARED_SECRET;
  if (tokensOfOthers && !AUTH_ISSUER) {
    problems.push("AUTH_ISSUER: say whose tokens are accepted (their claim `iss`)");
  }
  if (tokensOfOthers && !AUTH_AUDIENCE) {
    problems.push("AUTH_AUDIENCE: say for whom tokens must be (their claim `aud`)");
  }
  return problems;
}

/** By TLS, or since it does not leave this machine. */
function isProtected(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

function keyProblems({ NODE_ENV, KMS_KEY_ID }: Fields): string[] {
  if (NODE_ENV !== "production") return [];
  if (!KMS_KEY_ID) return ["KMS_KEY_ID: production needs an AWS KMS key (its ARN or alias)"];
  if (!KMS_KEY_ID.startsWith("local:")) return [];
  return ["KMS_KEY_ID: a local: key is for development; production needs an AWS KMS key"];
}

/** Where the shortest length is over the longest one, no secret can be set. */
function lengthProblems(kind: "PASSCODE" | "PIN", min: number, max: number): string[] {
  return min <= max ? [] : [`${kind}_MIN_LENGTH: must not be over ${kind}_MAX_LENGTH`];
}

function drainProblems({ DRAIN_SECONDS = 0, SHUTDOWN_SECONDS }: Fields): string[] {
  if (DRAIN_SECONDS < SHUTDOWN_SECONDS) return [];
  return ["DRAIN_SECONDS: must be less than SHUTDOWN_SECONDS, of which it is a part"];
}

function graphiqlProblems({ GRAPHIQL }: Fields): string[] {
  if (GRAPHIQL !== "on" || isInstalled()) return [];
  return [
    "GRAPHIQL: its packages are not installed here (they are dependencies for development); leave it off",
  ];
}

/** Payloads of the length that is allowed must fit into a body. */
function bodyProblems({ PAYLOAD_MAX_BYTES, GRAPHQL_BODY_BYTES }: Fields): string[] {
  const needed = Math.ceil(PAYLOAD_MAX_BYTES / 3) * 4 + AROUND_PAYLOAD;
  if (needed <= GRAPHQL_BODY_BYTES) return [];
  return [`GRAPHQL_BODY_BYTES: payloads of PAYLOAD_MAX_BYTES need at least ${needed}`];
}
