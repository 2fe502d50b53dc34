import { setTimeout as delay } from "node:timers/promises";
import type { LoadClient, Sample } from "./client.js";

export interface Latencies {
  readonly requests: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What happened while all clients were at work. */
export interface PhaseReport {
  readonly seconds: number;
  readonly requests: number;
  readonly failures: Record<string, number>;
  /** The longest wait that a refusal named. */
  readonly longestRetryAfterSeconds: number;
  readonly all: Latencies;
  readonly byOperation: Record<string, Latencies>;
}

/** Lets all clients work for some seconds, or as long as something else takes. */
export async function runPhase(
  clients: readonly LoadClient[],
  lasting: number | (() => Promise<void>),
): Promise<PhaseReport> {
  const samples: Sample[] = [];
  const ending = new AbortController();
  const started = performance.now();
  const working = clients.map((client) =>
    client.run(ending.signal, (sample) => samples.push(sample)),
  );
  try {
    await (typeof lasting === "number" ? delay(lasting * 1000) : lasting());
  } finally {
    ending.abort();
    await Promise.all(working);
  }
  return report(samples, (performance.now() - started) / 1000);
}

function report(samples: readonly Sample[], seconds: number): PhaseReport {
  const failures: Record<string, number> = {};
  for (const { failure } of samples) {
    if (failure) failures[failure] = (failures[failure] ?? 0) + 1;
  }
  const operations = [...new Set(samples.map(({ operation }) => operation))].sort();
  return {
    seconds,
    requests: samples.length,
    failures,
    longestRetryAfterSeconds: samples.reduce(
      (longest, { retryAfterSeconds = 0 }) => Math.max(longest, retryAfterSeconds),
      0,
    ),
    all: latencies(samples),
    byOperation: Object.fromEntries(
      operations.map((name) => [
        name,
        latencies(samples.filter(({ operation }) => operation === name)),
      ]),
    ),
  };
}

/** How long the quick and the slow ones took. */
export function latencies(samples: readonly Pick<Sample, "milliseconds">[]): Latencies {
  const sorted = samples.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { requests: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
