import "reflect-metadata";
import { loadConfig } from "../config/config.js";
import type { Database } from "../database/database.js";
import { openDatabase } from "../database/open.js";
import { JobLock } from "../jobs/job-lock.js";
import { createLog } from "../logging/log.js";
import { isUnreadable, readArguments, USAGE, type Arguments } from "./arguments.js";
import { check } from "./check.js";
import type { FailedRow } from "./failed-row.js";
import { MoveKeys } from "./move-keys.js";
import { rewrap } from "./rewrap.js";

const EXIT = { done: 0, notBegun: 1, broken: 2, cutOff: 3 } as const;

async function main(words: readonly string[]): Promise<number> {
  if (words.includes("--help")) {
    console.log(USAGE);
    return EXIT.done;
  }
  const config = loadConfig(process.env);
  const chosen = readArguments(words, config);
  const keys = await MoveKeys.open(chosen, config);
  if (isUnreadable(chosen.to, config)) {
    console.error(
      "A service with these settings does not read what is moved: set KMS_KEY_ID to the new key.",
    );
  }
  const database = await openDatabase(config, createLog("warn"));
  try {
    const code = await new JobLock(database).run("rewrap", () => work(database, keys, chosen));
    if (code === undefined) throw new Error("another process is at it already");
    return code;
  } finally {
    await database.close();
  }
}

async function work(database: Database, keys: MoveKeys, chosen: Arguments): Promise<number> {
  const { batch } = chosen;
  const signal = endOnSignal();
  try {
    return await (chosen.check
      ? checkAll(database, keys, { batch, signal })
      : moveAll(database, keys, { batch, signal }));
  } catch (error) {
    console.error(`Cut off: ${reasonOf(error)}\nWhat is done stays done; run it again.`);
    return EXIT.cutOff;
  }
}

async function moveAll(
  database: Database,
  keys: MoveKeys,
  batching: { batch: number; signal: AbortSignal },
): Promise<number> {
  const { moved, failed, unsettled } = await rewrap(database, keys, {
    ...batching,
    onBatch: (table, counts) =>
      console.log(
        `${table}: ${counts.seen} seen, ${counts.moved} moved, ${counts.already} there already, ` +
          `${counts.gone} gone, ${counts.failed} failed`,
      ),
  });
  list(failed);
  console.log(`${moved} moved, ${failed.length} failed.`);
  if (unsettled) {
    console.error(
      "An instance goes on writing under an old key: give all of them the new KMS_KEY_ID, and run it again.",
    );
    return EXIT.cutOff;
  }
  return failed.length > 0 ? EXIT.broken : EXIT.done;
}

async function checkAll(
  database: Database,
  keys: MoveKeys,
  batching: { batch: number; signal: AbortSignal },
): Promise<number> {
  const { opened, failed } = await check(database, keys, batching);
  list(failed);
  console.log(`${opened} opened with the new key alone, ${failed.length} not.`);
  return failed.length > 0 ? EXIT.broken : EXIT.done;
}

function list(failed: readonly FailedRow[]): void {
  for (const { table, id, code } of failed) console.error(`${table} ${id}: ${code}`);
}

function endOnSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => ending.abort(new Error(`it was told to end (${signal})`)));
  }
  return ending.signal;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`Nothing was begun: ${reasonOf(error)}`);
    process.exitCode = EXIT.notBegun;
  },
);
