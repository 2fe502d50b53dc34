import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MINUTE } from "../../src/common/durations.js";
import { Fleet } from "../support/fleet.js";
import { startClients, type LoadClient } from "./client.js";
import { fill } from "./fill.js";
import { HARMS } from "./harms.js";
import { watchMemory } from "./memory.js";
import { runPhase, type PhaseReport } from "./phase.js";
import { printMemory, printPhase } from "./printing.js";
import { printSummaries, timeSummaries, watchSummaries } from "./summaries.js";

const METRICS_TOKEN = "a token of the soak run alone, long enough";
/** How long all are at work on after each harm. */
const AFTER_HARM_SECONDS = 5;

/**
 * `npm run soak -- [--clients 200] [--minutes 5] [--devices 10000] [--rows 10000000] [--deadline 30]`: two
 * instances on a PostgreSQL that is full, at work for long; then each part of it is taken away in turn.
 * Ends with 1 if anything failed while nothing was taken away, if anything was lost, or if it takes more
 * than `--deadline` minutes once the database is full.
 */
async function main(words: string[]): Promise<void> {
  const { values } = parseArgs({
    args: words,
    options: {
      clients: { type: "string", default: "200" },
      minutes: { type: "string", default: "5" },
      devices: { type: "string", default: "10000" },
      rows: { type: "string", default: "10000000" },
      deadline: { type: "string", default: "30" },
    },
  });
  const [count, minutes] = [Number(values.clients), Number(values.minutes)];
  const amount = { devices: Number(values.devices), rows: Number(values.rows) };
  const settings = {
    METRICS_TOKEN,
    KMS_CACHE_SECONDS: "60",
    LIMIT_ADDRESS_GENERATIONS: "1000000",
  };
  const fleet = await Fleet.start(settings, async (begun) => {
    await fill(begun.server.url, amount);
    printSummaries("while nobody is at work", await timeSummaries(begun));
  });
  const deadline = endAt(Number(values.deadline), fleet);
  try {
    const urls = fleet.instances.map(({ url }) => url);
    const clients = await startClients(urls, count, (name) => fleet.issuer.sign(name));
    console.log(`${clients.length} clients, two instances on PostgreSQL`);
    const failed = [await workInPeace("at work", fleet, clients, minutes * 60)];
    for (const [title, harm] of HARMS) await workThrough(title, harm, fleet, clients);
    failed.push(await workInPeace("after all that", fleet, clients, Math.min(30, minutes * 60)));
    failed.push(await isLost(fleet));
    if (failed.includes(true)) process.exitCode = 1;
  } finally {
    clearTimeout(deadline);
    await fleet.stop();
  }
}

/** Whatever hangs, nothing is left running. */
function endAt(minutes: number, fleet: Fleet): NodeJS.Timeout {
  return setTimeout(() => {
    console.error(`not done ${minutes} minutes after the database was filled: given up`);
    void fleet.stop().finally(() => process.exit(1));
  }, minutes * MINUTE);
}

/** @returns whether anything failed. */
async function workInPeace(
  title: string,
  fleet: Fleet,
  clients: readonly LoadClient[],
  seconds: number,
): Promise<boolean> {
  const watched = fleet.instances.map(({ url }) => watchMemory(url, METRICS_TOKEN));
  const ending = new AbortController();
  const summaries = watchSummaries(fleet, ending.signal);
  const phase = await runPhase(clients, seconds);
  ending.abort();
  printPhase(title, phase);
  for (const [place, memory] of watched.entries()) {
    printMemory(`  memory of instance ${place + 1}`, await memory.stop());
  }
  printSummaries("meanwhile", await summaries);
  return hasFailures(phase);
}

/** The same, while something is taken away and given back. */
async function workThrough(
  title: string,
  harm: (fleet: Fleet) => Promise<void>,
  fleet: Fleet,
  clients: readonly LoadClient[],
): Promise<void> {
  let recovered = "";
  const phase = await runPhase(clients, async () => {
    await harm(fleet);
    recovered = await fleet.untilAllWork(performance.now());
    await delay(AFTER_HARM_SECONDS * 1000);
  });
  printPhase(title, phase);
  console.log(`  the instances worked again ${recovered} ms after it was over`);
}

async function isLost(fleet: Fleet): Promise<boolean> {
  const { keys, keysThere, pins, pinsThere } = await fleet.acknowledged();
  console.log(`acknowledged and there: ${keysThere} of ${keys} keys, ${pinsThere} of ${pins} PINs`);
  return keysThere < keys || pinsThere < pins;
}

function hasFailures({ failures }: PhaseReport): boolean {
  return Object.keys(failures).length > 0;
}

await main(process.argv.slice(2));
