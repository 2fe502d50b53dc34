import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startPostgres } from "./support/postgres.js";

const DATABASES = ["pglite", "postgres"];
/** What no database changes: pages, settings and headers. They run once, on PGlite. */
const WITHOUT_DATABASE = ["browser", "client-docs", "config", "cross-origin", "threat-model"];
/** What shows how much the service bears, which is asked of the database of production. */
const ON_POSTGRES = ["load"];
const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/**
 * `npm test -- [pglite|postgres] [NAME...]`: the tests on PGlite, then those that depend on the
 * database on PostgreSQL, too; or those of one, or those whose file names contain a name.
 */
async function main(words: string[]): Promise<void> {
  const databases = words.filter((word) => DATABASES.includes(word));
  const names = words.filter((word) => !DATABASES.includes(word));
  const wanted = (database: string) => databases.length === 0 || databases.includes(database);
  const ok = [
    !wanted("pglite") || (await run("PGlite", testFiles(names, false), {})),
    !wanted("postgres") || (await runOnPostgres(names)),
  ];
  if (ok.includes(false)) process.exitCode = 1;
}

async function runOnPostgres(names: string[]): Promise<boolean> {
  const server = await startPostgres();
  try {
    return await run("PostgreSQL", testFiles(names, true), { TEST_DATABASE_URL: server.url });
  } finally {
    server.stop();
  }
}

/**
 * What takes two instances on one database is in files named *.postgres.test. A file that is named
 * runs on both databases.
 */
function testFiles(names: string[], postgres: boolean): string[] {
  const leftOut = names.length > 0 ? [] : postgres ? WITHOUT_DATABASE : ON_POSTGRES;
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".test.js"))
    .filter((file) => postgres || !file.endsWith(".postgres.test.js"))
    .filter((file) => !leftOut.includes(file.replace(".test.js", "")))
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
    .map((file) => FOLDER + file);
}

async function run(title: string, files: string[], environment: object): Promise<boolean> {
  console.log(`\n== ${title}`);
  if (files.length === 0) return true;
  const options = ["--test", "--test-reporter=spec", "--test-concurrency=1"];
  const child = spawn(process.execPath, [...options, ...files], {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  const [code] = await once(child, "close");
  return code === 0;
}

await main(process.argv.slice(2));
