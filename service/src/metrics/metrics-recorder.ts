import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { Log } from "../logging/log.js";
import { requestId } from "../logging/request-id.js";
import { MetricsWriter } from "./metrics-writer.js";
import { Prometheus } from "../prometheus/prometheus.js";

/** What a request did, for the audit log and the metrics. */
export interface OperationRecord {
  readonly operation:
    | "generate"
    | "rotate"
    | "encrypt"
    | "decrypt"
    | "set"
    | "verify"
    | "reencrypt"
    | "store"
    | "load"
    | "delete"
    | "register-device"
    | "revoke-device"
    | "release-device"
    | "transfer-device"
    | "rotate-service-secret"
    | "run-daily-task"
    | "restore-keys";
  readonly outcome: "success" | "failure";
  /** The code of the error that the client was told, or `WRONG_SECRET`. */
  readonly reason?: string;
  readonly durationMs: number;
  readonly keyId?: string;
  readonly deviceId?: string;
  readonly userId?: string;
  /** Whose affairs it was, where an administrator acts for another user. */
  readonly subjectId?: string;
  /** Of the receipt that was given. */
  readonly receiptId?: string;
}

/** Takes notice of operations. It never throws, and nobody waits for it. */
@Injectable()
export class MetricsRecorder {
  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly writer: MetricsWriter,
    private readonly prometheus: Prometheus,
  ) {}

  record(operation: OperationRecord): void {
    try {
      this.prometheus.observe(operation);
      const { reason: code, ...rest } = operation;
      this.writer.add({ ...rest, code, requestId: requestId(), recordedAt: this.clock.now() });
    } catch (error) {
      this.log.warn({ reason: String(error) }, "an operation was not recorded");
    }
  }
}
