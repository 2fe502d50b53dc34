import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { ProblemKeys } from "../metrics/problem-keys.js";
import { ReceiptKeys } from "../receipts/receipt-keys.js";
import { FullCheck } from "../tampering/full-check.js";
import { CleanUp } from "./clean-up.js";
import { KeySteps } from "./key-steps.js";

/** What a run did; it stands in its row. */
export interface DailyResult {
  retiredKeys: number;
  destroyedKeys: number;
  /** Keys that could be restored until now. */
  wipedKeys: number;
  /** What was due and was left, as it was more than a run may remove by itself. */
  heldBack: { destroyedKeys: number; wipedKeys: number; metrics: number };
  tamperedKeys: number;
  /** Of all rows, whether or not they were due for anything. */
  checkedRows: number;
  tamperedRows: number;
  forgottenPayloads: number;
  forgottenGenerations: number;
  forgottenRegistrations: number;
  forgottenRuns: number;
  forgottenMetrics: number;
  problemKeys: { keyId: string; attempts: number; failures: number }[];
}

/** The parts of the daily task. Each can be done again at any time: what is done stays done. */
@Injectable()
export class DailySteps {
  constructor(
    private readonly clock: Clock,
    private readonly keySteps: KeySteps,
    private readonly receiptKeys: ReceiptKeys,
    private readonly cleanUp: CleanUp,
    private readonly problemKeys: ProblemKeys,
    private readonly fullCheck: FullCheck,
  ) {}

  /**
   * @param signal ends it between two batches.
   * @param allowMuch removes what is due even if it is more than a run may remove by itself.
   * @throws {ServiceError} `CLOCK_DIFFERS`.
   */
  async run(signal: AbortSignal, allowMuch = false): Promise<DailyResult> {
    await this.clock.confirm();
    const keys = await this.keySteps.run(signal, allowMuch);
    await this.receiptKeys.dropFormer();
    const cleaned = await this.cleanUp.run(signal, allowMuch);
    return {
      ...keys,
      ...cleaned,
      heldBack: { ...keys.heldBack, ...cleaned.heldBack },
      problemKeys: await this.listProblemKeys(),
      ...(await this.fullCheck.run(signal)),
    };
  }

  /** Makes keys that were destroyed since then, and are not wiped yet, decrypt again. */
  restoreKeys(since: Date): Promise<number> {
    return this.keySteps.restore(since);
  }

  private async listProblemKeys() {
    const keys = await this.problemKeys.find();
    return keys.map(({ keyId, attempts, failures }) => ({ keyId, attempts, failures }));
  }
}
