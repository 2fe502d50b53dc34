import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LocalKeyring } from "kms-envelope";
import type { Fields } from "./fields.js";

export const DEVELOPMENT_ISSUER = "kms-envelope-development";

/** What follows from the fields: in development, a key and a token issuer of our own. */
export interface Settled {
  readonly production: boolean;
  readonly dataDir: string;
  readonly kmsKeyId: string;
  /** How long it goes on serving at the end, while it says that it is not ready. */
  readonly drainSeconds: number;
  /** Whether a device id that nobody registered belongs to whoever first uses it. */
  readonly takesUnknownDevices: boolean;
  readonly issuer: string;
  readonly audience: string;
  readonly sharedSecret: string | undefined;
  /** Whether this service may print a token for development. */
  readonly issuesDevelopmentTokens: boolean;
}

export function settle(fields: Fields): Settled {
  const production = fields.NODE_ENV === "production";
  const dataDir = path.resolve(fields.DATA_DIR);
  const ownTokens = !production && !fields.AUTH_JWKS_URL && !fields.AUTH_SHARED_SECRET;
  return {
    production,
    dataDir,
    kmsKeyId: fields.KMS_KEY_ID ?? developmentKey(dataDir),
    drainSeconds:
      fields.DRAIN_SECONDS ?? (production ? Math.min(3, fields.SHUTDOWN_SECONDS - 1) : 0),
    takesUnknownDevices:
      (fields.DEVICE_REGISTRATION ?? (production ? "required" : "first-use")) === "first-use",
    issuer: fields.AUTH_ISSUER ?? DEVELOPMENT_ISSUER,
    audience: fields.AUTH_AUDIENCE ?? DEVELOPMENT_ISSUER,
    sharedSecret: ownTokens ? developmentSecret(dataDir) : fields.AUTH_SHARED_SECRET,
    issuesDevelopmentTokens: ownTokens,
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
