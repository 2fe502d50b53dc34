import { Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { OperationRecord } from "../metrics/metrics-recorder.js";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What `/metrics` tells Prometheus about this instance. */
@Injectable()
export class Prometheus implements OnApplicationShutdown {
  readonly registry = new Registry();

  private readonly operations = new Counter({
    name: "kms_service_operations_total",
    help: "Operations on keys and credentials, by outcome and by the code of the error.",
    labelNames: ["operation", "outcome", "reason"],
    registers: [this.registry],
  });

  private readonly durations = new Histogram({
    name: "kms_service_operation_duration_seconds",
    help: "How long operations took.",
    labelNames: ["operation", "outcome"],
    buckets: SECONDS,
    registers: [this.registry],
  });

  private readonly dropped = new Counter({
    name: "kms_service_metric_rows_dropped_total",
    help: "Metric rows that were given up, because the database did not take them for too long.",
    registers: [this.registry],
  });

  private readonly heldBack = new Gauge({
    name: "kms_service_daily_task_held_back",
    help: "Rows that were due at the last run of this instance, and were left since they were too many.",
    labelNames: ["what"],
    registers: [this.registry],
  });

  private readonly requests = new Counter({
    name: "kms_service_http_requests_total",
    help: "HTTP requests, by their path (`other` for unknown ones) and status.",
    labelNames: ["path", "status"],
    registers: [this.registry],
  });

  private readonly requestDurations = new Histogram({
    name: "kms_service_http_request_duration_seconds",
    help: "How long HTTP requests took.",
    labelNames: ["path"],
    buckets: SECONDS,
    registers: [this.registry],
  });

  private readonly errors = new Counter({
    name: "kms_service_errors_total",
    help: "Errors that were answered, by their code: UNAUTHENTICATED is a 401, TOO_MANY_REQUESTS a 429.",
    labelNames: ["code"],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  observe({ operation, outcome, reason = "", durationMs }: OperationRecord): void {
    this.operations.inc({ operation, outcome, reason });
    this.durations.observe({ operation, outcome }, durationMs / 1000);
  }

  countRequest(path: string, status: number, seconds: number): void {
    this.requests.inc({ path, status });
    this.requestDurations.observe({ path }, seconds);
  }

  countError(code: string): void {
    this.errors.inc({ code });
  }

  watchHeldBack(heldBack: Readonly<Record<string, number>>): void {
    for (const [what, count] of Object.entries(heldBack)) this.heldBack.set({ what }, count);
  }

  rowDropped(): void {
    this.dropped.inc();
  }

  watchWaitingRows(count: () => number): void {
    new Gauge({
      name: "kms_service_metric_rows_waiting",
      help: "Metric rows that are not in the database yet.",
      registers: [this.registry],
      collect() {
        this.set(count());
      },
    });
  }

  onApplicationShutdown(): void {
    this.registry.clear();
  }
}
