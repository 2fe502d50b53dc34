import { isIP } from "node:net";
import { z } from "zod";
import { isStrong } from "./strength.js";

const whole = (min: number, max: number, byDefault: number) =>
  z.coerce.number().int().min(min).max(max).default(byDefault);

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").map((item) => item.trim()))
  .transform((items) => items.filter((item) => item !== ""));

const address = z
  .string()
  .refine((text) => isIP(text) !== 0 || text === "localhost", "must be an IP address or localhost");

const secret = z
  .string()
  .refine(
    isStrong,
    "must have at least 32 characters, made at random, as by `openssl rand -hex 32`",
  );

const fields = z.object({
  NODE_ENV: z.enum(["production", "development", "test"]).default("development"),
  HOST: address.default("127.0.0.1"),
  PORT: whole(0, 65_535, 3000),
  PROBE_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  TRUST_PROXY: whole(0, 10, 0),
  // Apollo Server cuts connections after ten seconds by itself.
  SHUTDOWN_SECONDS: whole(1, 10, 10),
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(9).optional(),
  BODY_TIMEOUT_SECONDS: whole(1, 300, 10),

  DATA_DIR: z.string().min(1).default("./data"),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be postgres://USER:PASSWORD@HOST/DATABASE" })
    .optional(),
  DATABASE_POOL_SIZE: whole(2, 200, 10),
  // A connection and a statement must both fit into the 10 seconds that clients wait.
  DATABASE_TIMEOUT_SECONDS: whole(1, 30, 4),

  CLOCK_MAX_DIFFERENCE_SECONDS: whole(1, 3600, 30),

  KMS_KEY_ID: z.string().min(1).optional(),
  KMS_READ_KEY_IDS: list,
  KMS_ENDPOINT: z.url().optional(),
  KMS_CACHE_SECONDS: whole(0, 3600, 60),
  // Beside what the database takes, it must fit into the 10 seconds that clients wait.
  KMS_TIMEOUT_SECONDS: whole(1, 60, 4),

  AUTH_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUTH_JWKS_STALE_MINUTES: whole(5, 1440, 60),
  AUTH_SHARED_SECRET: secret.optional(),
  AUTH_ISSUER: z.string().min(1).optional(),
  AUTH_AUDIENCE: z.string().min(1).optional(),
  AUTH_ROLES_CLAIM: z.string().min(1).default("roles"),

  RSA_KEY_BITS: z.coerce
    .number()
    .refine((bits) => [2048, 3072, 4096].includes(bits), "must be 2048, 3072 or 4096")
    .default(2048),
  KEY_ACTIVE_DAYS: whole(1, 3650, 30),
  KEY_DECRYPT_ONLY_DAYS: whole(1, 3650, 90),
  KEY_GRACE_DAYS: whole(0, 365, 7),

  DEVICE_REGISTRATION: z.enum(["first-use", "required"]).optional(),

  LIMIT_WINDOW_HOURS: whole(1, 720, 24),
  LIMIT_DEVICE_GENERATIONS: whole(1, 1_000_000, 5),
  LIMIT_USER_GENERATIONS: whole(1, 1_000_000, 20),
  // Many users may share an address: it stops floods alone.
  LIMIT_ADDRESS_GENERATIONS: whole(1, 1_000_000, 10_000),
  LIMIT_USER_DEVICES: whole(1, 1_000_000, 20),
  LIMIT_USER_REQUESTS_PER_MINUTE: whole(0, 10_000_000, 600),
  LIMIT_CONCURRENCY: whole(1, 10_000, 64),
  LIMIT_USER_CONCURRENCY: whole(1, 10_000, 4),
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: whole(0, 10_000_000, 1200),

  PAYLOAD_MAX_BYTES: whole(512, 700_000, 2048),
  DATA_MAX_ITEMS: whole(0, 1_000_000, 100),
  PAYLOAD_MAX_AGE_SECONDS: whole(10, 3600, 300),
  CREDENTIAL_FREE_ATTEMPTS: whole(1, 100, 3),
  CREDENTIAL_LOCK_AFTER: whole(2, 1000, 10),
  CREDENTIAL_LOCK_HOURS: whole(1, 8760, 24),
  CREDENTIAL_WINDOW_FAILURES: whole(2, 1000, 30),
  CREDENTIAL_WINDOW_HOURS: whole(1, 8760, 24),
  // What a payload of 2048-bit RSA holds beside its other fields.
  PASSCODE_MIN_LENGTH: whole(4, 64, 6),
  PASSCODE_MAX_LENGTH: whole(8, 64, 64),
  PIN_MIN_LENGTH: whole(4, 32, 4),
  PIN_MAX_LENGTH: whole(4, 32, 12),

  RECEIPT_ISSUER: z.string().min(1).max(255).default("kms-envelope-service"),
  RECEIPT_AUDIENCE: z.string().min(1).max(255).default("transactions"),
  RECEIPT_SECONDS: whole(5, 3600, 60),

  GRAPHQL_BODY_BYTES: whole(4096, 1_048_576, 16_384),
  CORS_ORIGINS: list,
  GRAPHIQL: z.enum(["on", "off"]).optional(),

  DAILY_TASK_MINUTES: whole(0, 1440, 5),
  DAILY_TASK_BATCH: whole(1, 10_000, 200),
  DAILY_TASK_MAX_PERCENT: whole(1, 100, 10),
  PROBLEM_KEY_FAILURE_PERCENT: whole(1, 100, 50),
  PROBLEM_KEY_MIN_ATTEMPTS: whole(1, 1_000_000, 10),
  PROBLEM_KEY_WINDOW_HOURS: whole(1, 8760, 24),
  METRICS_RETENTION_DAYS: whole(1, 3650, 90),
  AUDIT_RETENTION_DAYS: whole(1, 3650, 365),
  AUDIT_USER_ROWS_PER_MINUTE: whole(1, 1_000_000, 120),
  METRICS_TOKEN: secret.optional(),
});

export type Fields = z.infer<typeof fields>;

/** The defaults of those that have one by themselves. */
export const FIELD_DEFAULTS: Fields = fields.parse({});

/**
 * Each setting by itself. A variable that is set to nothing counts as not set.
 *
 * @returns the fields, where those that are not valid are left out; and what is wrong with these.
 */
export function readFields(environment: Readonly<Record<string, string | undefined>>): {
  fields: Fields;
  problems: string[];
} {
  const nonEmpty = Object.entries(environment).filter(([, value]) => value !== "");
  const result = fields.safeParse(Object.fromEntries(nonEmpty));
  if (result.success) return { fields: result.data, problems: [] };
  const { issues } = result.error;
  const invalid = new Set(issues.map(({ path }) => path[0]));
  const others = nonEmpty.filter(([name]) => !invalid.has(name));
  return {
    fields: fields.parse(Object.fromEntries(others)),
    problems: issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
  };
}
