import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LocalKeyring } from "kms-envelope";
import { isInstalled } from "../graphql/graphiql-files.js";
import type { Fields } from "./fields.js";

const DEVELOPMENT_ISSUER = "kms-envelope-development";

/** The settings whose defaults follow from others, and what follows from several. */
export interface Defaults {
  /** As an absolute path. */
  readonly DATA_DIR: string;
  readonly DRAIN_SECONDS: number;
  readonly KMS_KEY_ID: string;
  readonly AUTH_ISSUER: string;
  readonly AUTH_AUDIENCE: string;
  readonly AUTH_SHARED_SECRET: string | undefined;
  readonly DEVICE_REGISTRATION: "first-use" | "required";
  readonly GRAPHIQL: "on" | "off";
  readonly isProduction: boolean;
  /** Whether this service may print a token for development, since nobody else issues tokens for it. */
  readonly issuesDevelopmentTokens: boolean;
}

export function withDefaults(fields: Fields): Defaults {
  const isProduction = fields.NODE_ENV === "production";
  const DATA_DIR = path.resolve(fields.DATA_DIR);
  const issuesDevelopmentTokens =
    !isProduction && !fields.AUTH_JWKS_URL && !fields.AUTH_SHARED_SECRET;
  const drain = isProduction ? Math.min(3, fields.SHUTDOWN_SECONDS - 1) : 0;
  return {
    isProduction,
    issuesDevelopmentTokens,
    DATA_DIR,
    DRAIN_SECONDS: fields.DRAIN_SECONDS ?? drain,
    KMS_KEY_ID: fields.KMS_KEY_ID ?? developmentKey(DATA_DIR),
    AUTH_ISSUER: fields.AUTH_ISSUER ?? DEVELOPMENT_ISSUER,
    AUTH_AUDIENCE: fields.AUTH_AUDIENCE ?? DEVELOPMENT_ISSUER,
    AUTH_SHARED_SECRET: issuesDevelopmentTokens
      ? developmentSecret(DATA_DIR)
      : fields.AUTH_SHARED_SECRET,
    DEVICE_REGISTRATION: fields.DEVICE_REGISTRATION ?? (isProduction ? "required" : "first-use"),
    GRAPHIQL: fields.GRAPHIQL ?? (!isProduction && isInstalled() ? "on" : "off"),
  };
}

function developmentKey(dataDir: string): string {
  const file = path.join(makeFolder(dataDir), "development.key");
  if (!existsSync(file)) LocalKeyring.generate(file);
  return `local:${file}`;
}

function developmentSecret(dataDir: string): string {
  const file = path.join(makeFolder(dataDir), "development-token-secret");
  if (!existsSync(file))
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

function makeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
