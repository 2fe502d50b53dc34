import { HOUR, MINUTE } from "../../src/common/durations.js";
import { MetricsRecorder } from "../../src/metrics/metrics-recorder.js";
import { MetricsWriter } from "../../src/metrics/metrics-writer.js";
import type { TestService } from "./app.js";

const DURATIONS = { generate: 90, rotate: 110, decrypt: 2.4, set: 60, verify: 45 };

/** A day like any other: busier at noon, a key service that is away for an hour, two bad keys. */
export async function pretendDay({ app, clock }: TestService): Promise<void> {
  const recorder = app.get(MetricsRecorder);
  for (let minute = 0; minute < 24 * 60; minute += 10) {
    const load = 1.1 + Math.sin((minute / (24 * 60)) * 2 * Math.PI - Math.PI / 2);
    for (const [operation, usual] of Object.entries(DURATIONS)) {
      const often = operation === "decrypt" || operation === "verify" ? 12 : 2;
      for (let n = 0; n < often * load; n++) {
        const bad = n % 17 === 16;
        const away = operation === "decrypt" && minute > 900 && minute < 960;
        const reason = away ? "KMS_UNAVAILABLE" : bad ? reasonOf(operation) : undefined;
        recorder.record({
          operation: operation as "decrypt",
          outcome: reason ? "failure" : "success",
          ...(reason && { reason }),
          durationMs: usual * (0.8 + 0.5 * Math.random() + (n % 9 === 0 ? 2 * Math.random() : 0)),
          keyId: bad ? `0196f2a4-7c1e-7b3a-9d7f-${n % 2 ? "bad" : "odd"}000000001` : `key-${n}`,
          deviceId: `device-${n}`,
          userId: "ada",
        });
      }
    }
    clock.advance(10 * MINUTE);
  }
  clock.advance(HOUR / 6);
  await app.get(MetricsWriter).flush();
}

function reasonOf(operation: string): string {
  if (operation === "verify") return "WRONG_SECRET";
  return operation === "decrypt" ? "PAYLOAD_EXPIRED" : "KEY_LIMIT_REACHED";
}
