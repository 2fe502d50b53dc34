import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { startPostgres } from "./support/postgres.js";
import { makeDatabase } from "./support/test-database.js";

const DATABASES = ["pglite", "postgres"];
/** What no database changes: pages, settings, headers and the image. They run once, on PGlite. */
const WITHOUT_DATABASE = [
  "browser",
  "client-docs",
  "config",
  "cross-origin",
  "ops",
  "threat-model",
];
/** What limits and KMS decide, whatever the database. It runs once, on that of production. */
const ON_POSTGRES = ["limits", "outage"];
/** What takes both processors for a minute: it runs when it is named, as in `npm test -- postgres load`. */
const ONLY_BY_NAME = ["load"];
const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const RUNNER = fileURLToPath(new URL("../../../scripts/node-tests.js", import.meta.url));

/**
 * `npm test -- [pglite|postgres] [NAME...]`: the tests on PGlite and on PostgreSQL, those that do not depend on
 * the database on one of them; or those of one database, or those whose file names contain a name. Both run at
 * once; what the second says is printed when the first has ended.
 */
async function main(words: string[]): Promise<void> {
  const databases = words.filter((word) => DATABASES.includes(word));
  const names = words.filter((word) => !DATABASES.includes(word));
  const wanted = (database: string) => databases.length === 0 || databases.includes(database);
  const onPglite = wanted("pglite") && runOnPglite(names);
  const onPostgres = wanted("postgres") && runOnPostgres(names, onPglite);
  const passed = await Promise.all([onPglite || true, onPostgres || true]);
  if (passed.includes(false)) process.exitCode = 1;
}

/** On copies of one database, rather than on one that each test makes. */
async function runOnPglite(names: string[]): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-made-"));
  try {
    await makeDatabase(folder);
    return await run("PGlite", testFiles(names, false), { TEST_DATABASE_FOLDER: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runOnPostgres(names: string[], first: Promise<boolean> | false): Promise<boolean> {
  const server = await startPostgres();
  try {
    const environment = { TEST_DATABASE_URL: server.url };
    return await run("PostgreSQL", testFiles(names, true), environment, first);
  } finally {
    server.stop();
  }
}

/**
 * What takes two instances on one database is in files named *.postgres.test. A file that is named
 * runs on both databases.
 */
function testFiles(names: string[], postgres: boolean): string[] {
  const elsewhere = postgres ? WITHOUT_DATABASE : ON_POSTGRES;
  const leftOut = names.length > 0 ? [] : [...elsewhere, ...ONLY_BY_NAME];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".test.js"))
    .filter((file) => postgres || !file.endsWith(".postgres.test.js"))
    .filter((file) => !leftOut.includes(file.replace(".test.js", "")))
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
    .map((file) => FOLDER + file);
}

/** Whether all passed. While `first` goes on, the output is kept back. */
async function run(
  title: string,
  files: string[],
  environment: object,
  first: Promise<boolean> | false = false,
): Promise<boolean> {
  const heading = `\n== ${title}\n`;
  if (!first) process.stdout.write(heading);
  if (files.length === 0) return true;
  const child = spawn(process.execPath, [RUNNER, "--test-concurrency=1", ...files], {
    stdio: ["inherit", first ? "pipe" : "inherit", "inherit"],
    env: { ...process.env, ...environment },
  });
  const closed = once(child, "close");
  if (child.stdout) await copyAfter(first, heading, child.stdout);
  const [code] = await closed;
  return code === 0;
}

/** Copies an output to standard output, from the moment on when `first` has settled. */
async function copyAfter(first: unknown, heading: string, output: Readable): Promise<void> {
  const pieces: Buffer[] = [Buffer.from(heading)];
  const collect = (piece: Buffer) => void pieces.push(piece);
  output.on("data", collect);
  const ended = once(output, "end");
  await first;
  output.off("data", collect);
  output.on("data", (piece: Buffer) => void process.stdout.write(piece));
  for (const piece of pieces) process.stdout.write(piece);
  await ended;
}

await main(process.argv.slice(2));
