import { Injectable } from "@nestjs/common";
import { ServiceError } from "../common/service-error.js";
import { orUnavailable } from "../database/unavailable.js";
import { MetricsRecorder, type OperationRecord } from "./metrics-recorder.js";

type Details = {
  -readonly [
    Name in "keyId" | "deviceId" | "userId" | "subjectId" | "receiptId" | "reason"
  ]?: string;
};

/** Runs an operation, and tells the metrics how it went. */
@Injectable()
export class Measure {
  constructor(private readonly recorder: MetricsRecorder) {}

  /** The work adds to the details what it learns. With a `reason` it failed although it returned. */
  async run<Result>(
    { operation, ...known }: Details & Pick<OperationRecord, "operation">,
    work: (details: Details) => Promise<Result>,
  ): Promise<Result> {
    const started = performance.now();
    const details: Details = { ...known };
    try {
      return await work(details);
    } catch (thrown) {
      const error = orUnavailable(thrown);
      details.reason = error instanceof ServiceError ? error.code : "INTERNAL";
      throw error;
    } finally {
      const outcome = details.reason ? "failure" : "success";
      this.recorder.record({
        operation,
        outcome,
        durationMs: performance.now() - started,
        ...details,
      });
    }
  }
}
