import { Injectable } from "@nestjs/common";

/** What a request did, for the metrics. */
export interface OperationRecord {
  readonly operation: "generate" | "rotate" | "encrypt" | "decrypt" | "set" | "verify";
  readonly outcome: "success" | "failure";
  /** The code of the error that the client was told, or `WRONG_SECRET`. */
  readonly reason?: string;
  readonly durationMs: number;
  readonly keyId?: string;
  readonly deviceId?: string;
  readonly userId?: string;
}

/** Takes notice of operations. It never throws, and nobody waits for it. */
@Injectable()
export class MetricsRecorder {
  record(_operation: OperationRecord): void {}
}
