import assert from "node:assert/strict";
import { exec } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../src/config/config.js";
import { FIELD_DEFAULTS } from "../src/config/fields.js";
import { startTestService } from "./support/app.js";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** So that nothing is written to a folder for development. */
const TOKENS = {
  AUTH_SHARED_SECRET: "9f3c1e7ab02d48f6a1c95be7702d3e84",
  AUTH_ISSUER: "a",
  AUTH_AUDIENCE: "b",
  KMS_KEY_ID: "alias/app",
};

/** The block of code after a heading. */
function codeUnder(heading: string): string {
  const [, code] = README.split(`## ${heading}\n`)[1]!.split(/```\w*\n/);
  return code!;
}

test("the first request works as it is written", async () => {
  const service = await startTestService();
  try {
    const command = codeUnder("The first request");
    assert.ok(command.includes("http://127.0.0.1:3000/"));
    const run = async () => {
      const script = command.replace("http://127.0.0.1:3000", service.url);
      const env = { PATH: process.env.PATH, TOKEN: await service.token("developer") };
      return JSON.parse(await inShell(script, env)).data.generateClientEncryptionKey;
    };
    const key = await run();
    assert.match(key.publicKey, /BEGIN PUBLIC KEY/);
    assert.deepEqual(await run(), key);
  } finally {
    await service.close();
  }
});

test("every setting is in the README with its default, and nothing else", () => {
  const rows = settingsTable();
  assert.deepEqual([...new Set(rows.map(([name]) => name))].sort(), settingsOf("fields").sort());
  const defaults = new Map(Object.entries(FIELD_DEFAULTS).filter(([, value]) => isPlain(value)));
  assert.ok(defaults.size > 40);
  const written = new Map(rows.filter(([name]) => defaults.has(name)));
  const known = new Map([...defaults].map(([name, value]) => [name, String(value)]));
  assert.deepEqual(Object.fromEntries(written), Object.fromEntries(known));
});

test("nothing but the settings' own folder reads the environment, and all of it has one name", () => {
  const folder = new URL("../../src/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && !file.startsWith("config/"));
  const readers = sources.filter((file) => {
    const source = readFileSync(new URL(file, folder), "utf8");
    return source.replaceAll("loadConfig(process.env)", "").includes("process.env");
  });
  assert.deepEqual(readers, []);
  const known = new Set([...settingsOf("fields"), "isProduction", "issuesDevelopmentTokens"]);
  const strange = Object.keys(loadConfig(TOKENS)).filter((name) => !known.has(name));
  assert.deepEqual(strange, []);
});

/** The names of the settings, as the source has them. */
function settingsOf(file: string): string[] {
  const source = readFileSync(new URL(`../../src/config/${file}.ts`, import.meta.url), "utf8");
  return [...source.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name!);
}

/** Each setting of the table, with its default as it is written there; several may share a row. */
function settingsTable(): [name: string, byDefault: string][] {
  const table = README.split("## Settings\n")[1]!.split("\n## ")[0]!;
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => {
    const [, first, second] = row.split("|");
    const names = [...first!.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name!);
    const defaults = second!.replaceAll("`", "").trim().split(", ");
    return names.map((name, place): [string, string] => [name, defaults[place] ?? ""]);
  });
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

/** The service answers in this process, which therefore must not wait. */
function inShell(script: string, env: object): Promise<string> {
  return new Promise((resolve, reject) => {
    exec(script, { env: env as NodeJS.ProcessEnv, shell: "/bin/bash" }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}
