import assert from "node:assert/strict";
import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startTestService } from "./support/app.js";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

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

test("every setting is in the README, and nothing else", () => {
  const source = readFileSync(new URL("../../src/config/fields.ts", import.meta.url), "utf8");
  const known = [...source.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name!);
  const rows = settingsColumn().flatMap((row) => [...row.matchAll(/`([A-Z][A-Z_]+)`/g)]);
  assert.deepEqual([...new Set(rows.map(([, name]) => name!))].sort(), known.sort());
});

/** The first column of the table of settings. */
function settingsColumn(): string[] {
  const table = README.split("## Settings\n")[1]!.split("\n## ")[0]!;
  return table
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|")[1]!);
}

/** The service answers in this process, which therefore must not wait. */
function inShell(script: string, env: object): Promise<string> {
  return new Promise((resolve, reject) => {
    exec(script, { env: env as NodeJS.ProcessEnv, shell: "/bin/bash" }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}
