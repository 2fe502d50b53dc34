import { Injectable, type OnModuleInit } from "@nestjs/common";
import { desc, isNotNull } from "drizzle-orm";
import { Counter, Gauge } from "prom-client";
import { Clock } from "../common/clock.js";
import { SECOND } from "../common/durations.js";
import { Database } from "../database/database.js";
import { jobRuns } from "../database/schema/jobs.js";
import { describeFailure } from "../database/unavailable.js";
import { Sealer } from "../envelope/sealer.js";
import { Log } from "../logging/log.js";
import { Prometheus } from "./prometheus.js";
import { countKeys } from "../metrics/summary-queries.js";

/** Counting all keys is not done more often than this, however many scrape. */
const COUNTED_FOR_MS = 15 * SECOND;

/** What is asked for when Prometheus comes by: keys by state, and what the key service is asked. */
@Injectable()
export class Gauges implements OnModuleInit {
  private countedAt = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly prometheus: Prometheus,
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.watchKeys();
    const calls = (field: "calls" | "failures" | "retries") => () =>
      this.sealer.stats().keyService[field];
    this.watchCount("key_service_calls_total", "Calls of the key service.", calls("calls"));
    this.watchCount("key_service_failures_total", "Those that failed.", calls("failures"));
    this.watchCount(
      "key_service_retries_total",
      "How often they were tried again.",
      calls("retries"),
    );
    this.watchCount(
      "cache_hits_total",
      "Data keys found in the cache.",
      () => this.sealer.stats().cacheHits,
    );
    this.watchCount(
      "cache_misses_total",
      "Data keys not found in it.",
      () => this.sealer.stats().cacheMisses,
    );
    this.watchCircuits();
    this.watchClock();
    this.watchPools();
    this.watchDailyTask();
  }

  private watchPools(): void {
    const { database } = this;
    new Gauge({
      name: "kms_service_database_connections",
      help: "Database connections of this instance that are busy or idle, and requests that wait for one.",
      labelNames: ["pool", "state"],
      registers: [this.prometheus.registry],
      collect() {
        for (const { pool, ...states } of database.pools()) {
          for (const [state, count] of Object.entries(states)) this.set({ pool, state }, count);
        }
      },
    });
  }

  private watchDailyTask(): void {
    const registers = [this.prometheus.registry];
    const tampered = new Gauge({
      name: "kms_service_daily_task_tampered_rows",
      help: "Rows that the latest finished run found changed or missing in the database; the same from every instance.",
      registers,
    });
    const latest = () => this.latestRun();
    new Gauge({
      name: "kms_service_daily_task_finished_timestamp_seconds",
      help: "When the latest run of the daily task finished; the same from every instance.",
      registers,
      async collect() {
        const run = await latest();
        if (!run?.finishedAt) return;
        this.set(run.finishedAt.getTime() / SECOND);
        tampered.set(Number(run.result?.tamperedRows ?? 0));
      },
    });
  }

  private async latestRun() {
    const finished = this.database.background
      .select()
      .from(jobRuns)
      .where(isNotNull(jobRuns.finishedAt))
      .orderBy(desc(jobRuns.id))
      .limit(1);
    return (await finished.catch(() => []))[0];
  }

  private watchClock(): void {
    const { clock } = this;
    new Gauge({
      name: "kms_service_clock_difference_seconds",
      help: "How far the clock of this machine is ahead of the database's.",
      registers: [this.prometheus.registry],
      collect() {
        this.set(clock.difference() / SECOND);
      },
    });
  }

  private watchKeys(): void {
    const count = () => this.countKeys();
    new Gauge({
      name: "kms_service_keys",
      help: "Keys of devices, by state; the same from every instance.",
      labelNames: ["state"],
      registers: [this.prometheus.registry],
      async collect() {
        const keys = await count();
        if (!keys) return;
        this.set({ state: "active" }, keys.active);
        this.set({ state: "decrypt-only" }, keys.decryptOnly);
        this.set({ state: "destroyed" }, keys.destroyed);
      },
    });
  }

  private watchCount(name: string, help: string, count: () => number): void {
    new Counter({
      name: `kms_envelope_${name}`,
      help,
      registers: [this.prometheus.registry],
      collect() {
        this.reset();
        this.inc(count());
      },
    });
  }

  private watchCircuits(): void {
    const { sealer } = this;
    new Gauge({
      name: "kms_envelope_circuit_open",
      help: "Whether calls of the key service are held back: 1 is open, 0.5 is one call to try it.",
      labelNames: ["region"],
      registers: [this.prometheus.registry],
      collect() {
        const worst = new Map<string, number>();
        this.reset();
        for (const { region = "", state } of sealer.stats().keyService.breakers) {
          const open = { closed: 0, "half-open": 0.5, open: 1 }[state];
          worst.set(region, Math.max(open, worst.get(region) ?? 0));
        }
        for (const [region, open] of worst) this.set({ region }, open);
      },
    });
  }

  /** Nothing if they have just been counted, or if the database is away: the rest is told all the same. */
  private async countKeys() {
    if (performance.now() - this.countedAt < COUNTED_FOR_MS) return undefined;
    this.countedAt = performance.now();
    try {
      return await countKeys(this.database.background);
    } catch (error) {
      this.log.warn(describeFailure(error), "keys could not be counted");
      return undefined;
    }
  }
}
