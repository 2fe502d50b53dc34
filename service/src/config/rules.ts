import { isInstalled } from "../graphql/graphiql-files.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with several settings together, however wrong each of them is by itself. */
export function problemsBetween(environment: Environment): string[] {
  const production = environment.NODE_ENV === "production";
  return [
    ...authProblems(environment, production),
    ...(production ? keyProblems(environment) : []),
    ...lengthProblems(environment),
    ...drainProblems(environment),
    ...graphiqlProblems(environment),
  ];
}

/** What a payload needs around it in a body, and beside it. */
const AROUND_PAYLOAD = 2048;

/** Payloads of the length that is allowed must fit into a body. */
export function bodyProblems({
  PAYLOAD_MAX_BYTES,
  GRAPHQL_BODY_BYTES,
}: Record<"PAYLOAD_MAX_BYTES" | "GRAPHQL_BODY_BYTES", number>): string[] {
  const needed = Math.ceil(PAYLOAD_MAX_BYTES / 3) * 4 + AROUND_PAYLOAD;
  if (needed <= GRAPHQL_BODY_BYTES) return [];
  return [`GRAPHQL_BODY_BYTES: payloads of PAYLOAD_MAX_BYTES need at least ${needed}`];
}

function authProblems(environment: Environment, production: boolean): string[] {
  const { AUTH_JWKS_URL, AUTH_SHARED_SECRET, AUTH_ISSUER, AUTH_AUDIENCE } = environment;
  const problems: string[] = [];
  if (AUTH_JWKS_URL && AUTH_SHARED_SECRET) {
    problems.push("AUTH_JWKS_URL, AUTH_SHARED_SECRET: give one of them, not both");
  }
  if (production && !AUTH_JWKS_URL && !AUTH_SHARED_SECRET) {
    problems.push(
      "AUTH_JWKS_URL: production needs a token issuer: its JWKS address, or AUTH_SHARED_SECRET",
    );
  }
  if (
    production &&
    AUTH_JWKS_URL &&
    !AUTH_JWKS_URL.startsWith("https://") &&
    !isLocal(AUTH_JWKS_URL)
  ) {
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

function keyProblems({ KMS_KEY_ID }: Environment): string[] {
  if (!KMS_KEY_ID) return ["KMS_KEY_ID: production needs an AWS KMS key (its ARN or alias)"];
  if (!KMS_KEY_ID.startsWith("local:")) return [];
  return ["KMS_KEY_ID: a local: key is for development; production needs an AWS KMS key"];
}

function drainProblems({ DRAIN_SECONDS, SHUTDOWN_SECONDS }: Environment): string[] {
  if (!DRAIN_SECONDS || Number(DRAIN_SECONDS) < Number(SHUTDOWN_SECONDS || 10)) return [];
  return ["DRAIN_SECONDS: must be less than SHUTDOWN_SECONDS, of which it is a part"];
}

function graphiqlProblems({ GRAPHIQL }: Environment): string[] {
  if (GRAPHIQL !== "on" || isInstalled()) return [];
  return [
    "GRAPHIQL: its packages are not installed here (they are dependencies for development); leave it off",
  ];
}

/** Where the shortest length is over the longest one, no secret can be set. */
function lengthProblems(environment: Environment): string[] {
  return ["PASSCODE", "PIN"].flatMap((kind) => {
    const [min, max] = [environment[`${kind}_MIN_LENGTH`], environment[`${kind}_MAX_LENGTH`]];
    const defaults = kind === "PIN" ? { min: 4, max: 12 } : { min: 6, max: 64 };
    if (Number(min || defaults.min) <= Number(max || defaults.max)) return [];
    return [`${kind}_MIN_LENGTH: must not be over ${kind}_MAX_LENGTH`];
  });
}

function isLocal(address: string): boolean {
  try {
    return ["127.0.0.1", "[::1]", "localhost"].includes(new URL(address).hostname);
  } catch {
    return false;
  }
}
