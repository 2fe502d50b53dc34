import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { post } from "../support/app.js";
import { Fleet } from "../support/fleet.js";
import { startClients, type LoadClient } from "./client.js";
import { fill } from "./fill.js";
import { HARMS } from "./harms.js";
import { watchMemory } from "./memory.js";
import { latencies, runPhase, type PhaseReport } from "./phase.js";
import { printMemory, printPhase } from "./printing.js";

const METRICS_TOKEN = "a token of the soak run alone, long enough";
const SUMMARY = "query { getEncryptionMetricsSummary(timeframeHours: 24) }";
/** How long all are at work on after each harm. */
const AFTER_HARM_SECONDS = 5;

/**
 * `npm run soak -- [--clients 200] [--minutes 5] [--devices 10000] [--rows 10000000]`: two instances on
 * a PostgreSQL that is full, at work for long; then each part of it is taken away in turn. Ends with 1
 * if anything failed while nothing was taken away, or if anything was lost.
 */
async function main(words: string[]): Promise<void> {
  const { values } = parseArgs({
    args: words,
    options: {
      clients: { type: "string", default: "200" },
      minutes: { type: "string", default: "5" },
      devices: { type: "string", default: "10000" },
      rows: { type: "string", default: "10000000" },
    },
  });
  const [count, minutes] = [Number(values.clients), Number(values.minutes)];
  const amount = { devices: Number(values.devices), rows: Number(values.rows) };
  const settings = {
    METRICS_TOKEN,
    KMS_CACHE_SECONDS: "60",
    LIMIT_ADDRESS_GENERATIONS: "1000000",
  };
  const fleet = await Fleet.start(settings, ({ server }) => fill(server.url, amount));
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
    await fleet.stop();
  }
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
  const summaries = askForSummaries(fleet, ending.signal);
  const phase = await runPhase(clients, seconds);
  ending.abort();
  printPhase(title, phase);
  for (const [place, memory] of watched.entries()) {
    printMemory(`  memory of instance ${place + 1}`, await memory.stop());
  }
  const { requests, p50, p99 } = latencies(await summaries);
  console.log(`  the summary of 24 hours, ${requests} times: p50 ${p50} ms, p99 ${p99} ms`);
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

/** Asks one instance after the other, as dashboards do. @returns how long each answer took. */
async function askForSummaries({ instances, issuer }: Fleet, signal: AbortSignal) {
  const token = await issuer.sign("watcher", "metrics");
  const times: { milliseconds: number }[] = [];
  for (let turn = 0; !signal.aborted; turn++) {
    const begun = performance.now();
    const { errors } = await post(instances[turn % 2]!.url, SUMMARY, {}, token);
    if (errors) throw new Error(`the summary fails: ${errors[0]!.extensions.code}`);
    times.push({ milliseconds: performance.now() - begun });
    await delay(1000, undefined, { signal }).catch(() => {});
  }
  return times;
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
