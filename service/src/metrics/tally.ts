import { isOfTheService } from "./blame.js";
import { Histogram } from "./histogram.js";
import type { Durations, OperationCounts } from "./summary.model.js";

/** Adds up what rows say of operations. */
export class Tally {
  private attempts = 0;
  private failures = 0;
  private serviceFailures = 0;
  private readonly histogram = new Histogram();

  /** @param code of the error; empty for a success. */
  count(code: string, times: number): void {
    this.attempts += times;
    if (!code) return;
    this.failures += times;
    if (isOfTheService(code)) this.serviceFailures += times;
  }

  time(bucket: number, times: number): void {
    this.histogram.add(bucket, times);
  }

  add(other: Tally): void {
    this.attempts += other.attempts;
    this.failures += other.failures;
    this.serviceFailures += other.serviceFailures;
    this.histogram.addAll(other.histogram);
  }

  counts(): OperationCounts {
    const { attempts, failures, serviceFailures } = this;
    const successes = attempts - failures;
    const share = (part: number) => (attempts > 0 ? part / attempts : null);
    return {
      attempts,
      successes,
      failures,
      serviceFailures,
      callerFailures: failures - serviceFailures,
      successRate: share(successes),
      availability: share(attempts - serviceFailures),
      durations: this.durations(),
    };
  }

  private durations(): Durations | null {
    const percentiles = this.histogram.percentiles([0.5, 0.95, 0.99]);
    if (!percentiles) return null;
    const [p50Ms, p95Ms, p99Ms] = percentiles;
    return { p50Ms, p95Ms, p99Ms };
  }
}

/** A tally for each key that is asked for, made when it is first needed. */
export class Tallies {
  private readonly all = new Map<string, Tally>();

  at(key: string): Tally {
    const tally = this.all.get(key) ?? new Tally();
    this.all.set(key, tally);
    return tally;
  }

  /** All of them together. */
  total(): Tally {
    const total = new Tally();
    for (const tally of this.all.values()) total.add(tally);
    return total;
  }

  /** Those that were asked for, by key. */
  sorted(): [string, Tally][] {
    return [...this.all].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
