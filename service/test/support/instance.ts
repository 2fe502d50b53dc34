import "reflect-metadata";
import { Clock } from "../../src/common/clock.js";
import { later } from "../../src/common/durations.js";
import { loadConfig } from "../../src/config/config.js";
import { createLog } from "../../src/logging/log.js";
import { startService } from "../../src/service.js";

/** The clock of this machine, which goes, and jumps ahead at SIGUSR2. */
class ShiftedClock extends Clock {
  private ahead = Number(process.env.TEST_CLOCK_AHEAD_MS ?? 0);

  override now(): Date {
    return later(new Date(), this.ahead);
  }

  jump(milliseconds: number): void {
    this.ahead += milliseconds;
  }
}

// An instance of the service as a process of its own, for tests that kill it.
const config = loadConfig(process.env);
const log = createLog(config.LOG_LEVEL);
const machineClock = new ShiftedClock();
process.on("SIGUSR2", () => machineClock.jump(Number(process.env.TEST_CLOCK_JUMP_MS)));
const service = await startService(config, { machineClock, log });
log.info({ url: service.url }, "listening");
process.on("SIGTERM", () => void service.close().catch(() => process.exit(1)));
