import "reflect-metadata";
import { Clock } from "../../src/common/clock.js";
import { later } from "../../src/common/durations.js";
import { loadConfig } from "../../src/config/config.js";
import { createLog } from "../../src/logging/log.js";
import { startService } from "../../src/service.js";

/** A clock that goes, ahead of time. */
class ShiftedClock extends Clock {
  override now(): Date {
    return later(new Date(), Number(process.env.TEST_CLOCK_AHEAD_MS ?? 0));
  }
}

// An instance of the service as a process of its own, for tests that kill it.
const config = loadConfig(process.env);
const log = createLog(config.LOG_LEVEL);
const service = await startService(config, { clock: new ShiftedClock(), log });
log.info({ url: service.url }, "listening");
process.on("SIGTERM", () => void service.close());
