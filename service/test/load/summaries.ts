import { setTimeout as delay } from "node:timers/promises";
import { post } from "../support/app.js";
import type { Fleet } from "../support/fleet.js";
import { latencies } from "./phase.js";

/** From the last hour to all that is kept: minutes, 5 minutes, hours and days are read. */
export const TIMEFRAMES = [1, 10, 24, 168, 720, 2160];
const ROUNDS_IN_PEACE = 10;

type Times = Map<number, { milliseconds: number }[]>;

/** Asks one instance after the other for all timeframes in turn, as dashboards do, each second, until `signal`. */
export async function watchSummaries(fleet: Fleet, signal: AbortSignal): Promise<Times> {
  const times: Times = new Map();
  while (!signal.aborted) {
    for (const hours of TIMEFRAMES) {
      if (signal.aborted) break;
      await ask(fleet, hours, times);
      await delay(1000, undefined, { signal }).catch(() => {});
    }
  }
  return times;
}

/** The same at once, where nobody is at work. */
export async function timeSummaries(fleet: Fleet): Promise<Times> {
  const times: Times = new Map();
  for (let round = 0; round < ROUNDS_IN_PEACE; round++) {
    for (const hours of TIMEFRAMES) await ask(fleet, hours, times);
  }
  return times;
}

export function printSummaries(title: string, times: Times): void {
  console.log(`  summaries ${title}, by hours, in ms`);
  console.table(
    Object.fromEntries([...times].map(([hours, samples]) => [hours, latencies(samples)])),
  );
}

async function ask({ instances, issuer }: Fleet, hours: number, times: Times): Promise<void> {
  const samples = times.get(hours) ?? [];
  const query = `query { getEncryptionMetricsSummary(timeframeHours: ${hours}) }`;
  const token = await issuer.sign("watcher", "metrics");
  const begun = performance.now();
  const { errors } = await post(instances[samples.length % 2]!.url, query, {}, token);
  if (errors) throw new Error(`the summary fails: ${errors[0]!.extensions.code}`);
  times.set(hours, [...samples, { milliseconds: performance.now() - begun }]);
}
