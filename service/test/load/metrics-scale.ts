import "reflect-metadata";
import { setTimeout as delay } from "node:timers/promises";
import { Clock } from "../../src/common/clock.js";
import { loadConfig } from "../../src/config/config.js";
import { openDatabase } from "../../src/database/open.js";
import { createLog } from "../../src/logging/log.js";
import { ProblemKeys } from "../../src/metrics/problem-keys.js";
import { Summaries } from "../../src/metrics/summaries.js";
import { TimeframeRules } from "../../src/metrics/timeframe.js";
import { startPostgres } from "../support/postgres.js";
import { fill } from "./fill.js";
import { TIMEFRAMES } from "./summaries.js";

const ROWS = Number(process.env.ROWS ?? 10_000_000);
const DEVICES = 10_000;
const TIMES = 20;

/** `node dist/test/load/metrics-scale.js`: how long the summary takes where very much is recorded. */
async function main(): Promise<void> {
  const server = await startPostgres();
  try {
    const config = loadConfig({ NODE_ENV: "test", DATABASE_URL: server.url });
    const log = createLog("warn");
    const database = await openDatabase(config, log);
    try {
      await fill(server.url, { rows: ROWS, devices: DEVICES });
      const clock = new Clock();
      const problemKeys = new ProblemKeys(config, clock, database);
      const summaries = new Summaries(new TimeframeRules(config, clock), database, problemKeys);
      for (const hours of TIMEFRAMES) {
        const times: number[] = [];
        for (let n = 0; n < TIMES; n++) {
          const begun = performance.now();
          const { totals } = await summaries.summarize(hours);
          times.push(performance.now() - begun);
          if (n === 0) console.log(`${hours} h: ${totals.attempts} operations`);
          await delay(20);
        }
        times.sort((a, b) => a - b);
        const [median, worst] = [times[TIMES / 2]!, times.at(-1)!];
        console.log(`${hours} h: median ${median.toFixed(0)} ms, slowest ${worst.toFixed(0)} ms`);
      }
    } finally {
      await database.close();
    }
  } finally {
    server.stop();
  }
}

await main();
