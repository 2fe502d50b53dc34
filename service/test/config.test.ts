import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { ConfigError, loadConfig } from "../src/config/config.js";
import { SECOND } from "../src/common/durations.js";
import { FIELD_DEFAULTS } from "../src/config/fields.js";
import { isInstalled } from "../src/graphql/graphiql-files.js";
import { CLIENT_TIMEOUT_MS } from "./support/workload.js";

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-config-"));
});
after(() => rmSync(folder, { recursive: true }));

/** The settings that have problems, in their order. */
function problemsOf(environment: Record<string, string>): string[] {
  try {
    loadConfig({ DATA_DIR: folder, ...environment });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems.map((problem) => problem.split(":")[0]!);
  }
}

const PRODUCTION = {
  NODE_ENV: "production",
  KMS_KEY_ID: "alias/app",
  AUTH_JWKS_URL: "https://login.example/keys",
  AUTH_ISSUER: "https://login.example",
  AUTH_AUDIENCE: "keys",
};

test("without settings it is for development, on its own key and tokens", () => {
  const config = loadConfig({ DATA_DIR: folder });
  assert.equal(config.isProduction, false);
  assert.equal(config.issuesDevelopmentTokens, true);
  assert.equal(config.KMS_KEY_ID, `local:${folder}/development.key`);
  assert.equal(config.HOST, "127.0.0.1");
  const secret = path.join(folder, "development-token-secret");
  assert.equal(statSync(secret).mode & 0o777, 0o600);
  assert.equal(loadConfig({ DATA_DIR: folder }).AUTH_SHARED_SECRET, config.AUTH_SHARED_SECRET);
});

test("GraphiQL is for development, and is off where somebody says so", () => {
  const shown = (environment: Record<string, string>) =>
    loadConfig({ DATA_DIR: folder, ...environment }).GRAPHIQL;
  assert.equal(shown({}), isInstalled() ? "on" : "off");
  assert.equal(shown({ GRAPHIQL: "off" }), "off");
  assert.equal(shown(PRODUCTION), "off");
  assert.deepEqual(problemsOf({ GRAPHIQL: "on" }), isInstalled() ? [] : ["GRAPHIQL"]);
});

test("what is not valid is named once, and others are still compared", () => {
  const address = { ...PRODUCTION, AUTH_JWKS_URL: "login.example/keys" };
  assert.deepEqual(problemsOf(address), ["AUTH_JWKS_URL"]);
  assert.deepEqual(problemsOf({ PORT: "many", DRAIN_SECONDS: "9", SHUTDOWN_SECONDS: "9" }), [
    "PORT",
    "DRAIN_SECONDS",
  ]);
});

test("every problem is listed, not only the first", () => {
  const problems = problemsOf({
    NODE_ENV: "production",
    PORT: "many",
    RSA_KEY_BITS: "1024",
    DATABASE_URL: "mysql://localhost/app",
    HOST: "my host",
    KEY_ACTIVE_DAYS: "0",
  });
  assert.deepEqual(problems, [
    "HOST",
    "PORT",
    "DATABASE_URL",
    "RSA_KEY_BITS",
    "KEY_ACTIVE_DAYS",
    "AUTH_JWKS_URL",
    "AUTH_ISSUER",
    "AUTH_AUDIENCE",
    "KMS_KEY_ID",
  ]);
});

test("production needs a key of AWS KMS and a token issuer", () => {
  assert.deepEqual(problemsOf(PRODUCTION), []);
  const without = (name: keyof typeof PRODUCTION) => problemsOf({ ...PRODUCTION, [name]: "" });
  assert.deepEqual(without("KMS_KEY_ID"), ["KMS_KEY_ID"]);
  assert.deepEqual(without("AUTH_JWKS_URL"), ["AUTH_JWKS_URL"]);
  assert.deepEqual(without("AUTH_ISSUER"), ["AUTH_ISSUER"]);
  assert.deepEqual(without("AUTH_AUDIENCE"), ["AUTH_AUDIENCE"]);
  assert.deepEqual(problemsOf({ ...PRODUCTION, KMS_KEY_ID: "local:./a.key" }), ["KMS_KEY_ID"]);
  // To read what is still under one, on the way to KMS.
  assert.deepEqual(problemsOf({ ...PRODUCTION, KMS_READ_KEY_IDS: "local:./a.key" }), []);
  const plain = { ...PRODUCTION, AUTH_JWKS_URL: "http://login.example/keys" };
  assert.deepEqual(problemsOf(plain), ["AUTH_JWKS_URL"]);
  assert.equal(loadConfig({ DATA_DIR: folder, ...PRODUCTION }).issuesDevelopmentTokens, false);
});

test("tokens have one issuer, and a shared secret is long", () => {
  const secret = "9f3c1e7ab02d48f6a1c95be7702d3e84";
  assert.deepEqual(problemsOf({ ...PRODUCTION, AUTH_SHARED_SECRET: secret }), [
    "AUTH_JWKS_URL, AUTH_SHARED_SECRET",
  ]);
  const shared = { AUTH_SHARED_SECRET: secret, AUTH_ISSUER: "a", AUTH_AUDIENCE: "b" };
  assert.deepEqual(problemsOf({ ...PRODUCTION, AUTH_JWKS_URL: "", ...shared }), []);
  assert.deepEqual(problemsOf({ ...shared, AUTH_SHARED_SECRET: "short" }), ["AUTH_SHARED_SECRET"]);
  assert.deepEqual(problemsOf({ AUTH_SHARED_SECRET: secret }), ["AUTH_ISSUER", "AUTH_AUDIENCE"]);
});

test("what the service waits for by default ends before clients give up", () => {
  const { DATABASE_TIMEOUT_SECONDS, KMS_TIMEOUT_SECONDS } = FIELD_DEFAULTS;
  // A connection, then a statement; a call of KMS, and half a call more for one that hangs.
  for (const seconds of [2 * DATABASE_TIMEOUT_SECONDS, 1.5 * KMS_TIMEOUT_SECONDS]) {
    assert.ok(seconds * SECOND < CLIENT_TIMEOUT_MS);
  }
});

test("no problem repeats a setting's value", () => {
  try {
    loadConfig({ DATABASE_URL: "mysql://user:hunter2@db", AUTH_SHARED_SECRET: "hunter2" });
    assert.fail("it was accepted");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.ok(!error.message.includes("hunter2"));
  }
});

test("a shortest length is not over the longest one", () => {
  const lengths = { PIN_MIN_LENGTH: "9", PIN_MAX_LENGTH: "8", PASSCODE_MAX_LENGTH: "8" };
  assert.deepEqual(problemsOf(lengths), ["PIN_MIN_LENGTH"]);
  assert.deepEqual(problemsOf({ PIN_MIN_LENGTH: "13" }), ["PIN_MIN_LENGTH"]);
});
