import { Injectable } from "@nestjs/common";
import { Config } from "../config/config.js";
import { LifeCycle, type Moved } from "../keys/life-cycle.js";
import { ALWAYS, heldBackOf } from "./removal-limit.js";

const NONE: Moved = { keys: 0, tampered: 0 };

/** Moves all keys on that are due, in batches. */
@Injectable()
export class KeySteps {
  constructor(
    private readonly config: Config,
    private readonly lifeCycle: LifeCycle,
  ) {}

  /** @param allowMuch as that of `DailySteps`. */
  async run(signal: AbortSignal, allowMuch: boolean) {
    const { DAILY_TASK_BATCH: batch, DAILY_TASK_MAX_PERCENT: percent } = this.config;
    const retired = await moveAll(signal, batch, () => this.lifeCycle.retireExpired(batch));
    const due = await this.lifeCycle.countDue();
    const heldBack = {
      destroyedKeys: allowMuch ? 0 : heldBackOf(due.destroyed, percent, ALWAYS.keys),
      wipedKeys: allowMuch ? 0 : heldBackOf(due.wiped, percent, ALWAYS.keys),
    };
    const destroyed = heldBack.destroyedKeys
      ? NONE
      : await moveAll(signal, batch, () => this.lifeCycle.destroyOld(batch));
    const wiped = heldBack.wipedKeys
      ? NONE
      : await moveAll(signal, batch, () => this.lifeCycle.wipe(batch));
    return {
      retiredKeys: retired.keys,
      destroyedKeys: destroyed.keys,
      wipedKeys: wiped.keys,
      tamperedKeys: retired.tampered + destroyed.tampered,
      heldBack,
    };
  }

  async restore(since: Date): Promise<number> {
    const batch = this.config.DAILY_TASK_BATCH;
    const never = new AbortController().signal;
    return (await moveAll(never, batch, () => this.lifeCycle.restore(batch, since))).keys;
  }
}

async function moveAll(
  signal: AbortSignal,
  batch: number,
  next: () => Promise<Moved>,
): Promise<Moved> {
  for (let keys = 0, tampered = 0; ;) {
    signal.throwIfAborted();
    const moved = await next();
    keys += moved.keys;
    tampered += moved.tampered;
    if (moved.keys < batch) return { keys, tampered };
  }
}
