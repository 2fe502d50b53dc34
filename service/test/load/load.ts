import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startInstance } from "../support/instances.js";
import { startKms } from "../support/moto.js";
import { copyDatabase, createTestDatabase } from "../support/test-database.js";
import { until } from "../support/until.js";
import { TOKEN_SETTINGS } from "../support/tokens.js";
import { startClients, type LoadClient } from "./client.js";
import { watchMemory, type MemoryReport } from "./memory.js";
import { runPhase, type PhaseReport } from "./phase.js";

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));
/** Only what is in use counts: else memory grows until V8 sees a reason to collect. */
const COLLECTING = `--import=${new URL("./collect-garbage.js", import.meta.url).href}`;
const METRICS_TOKEN = "a token of the load test alone, long enough";
/** The circuit lets a call try the key service 30 seconds after it opened. */
const RECOVERY_DEADLINE_SECONDS = 120;

export interface LoadOptions {
  readonly clients: number;
  readonly seconds: number;
  /** The key service is away for so long in the middle. */
  readonly outageSeconds: number;
}

export interface LoadReport {
  readonly working: PhaseReport;
  readonly outage: PhaseReport;
  readonly keyServiceDuringOutage: string;
  /** From when the key service was back until the first key that was made. */
  readonly recoverySeconds: number;
  readonly recovered: PhaseReport;
  readonly memory: MemoryReport;
}

/**
 * Many clients at work on the service as a process of its own, with moto as KMS: on PGlite, or on the
 * PostgreSQL that `TEST_DATABASE_URL` names. Then without KMS, and then with it again.
 */
export async function runLoad({
  clients,
  seconds,
  outageSeconds,
}: LoadOptions): Promise<LoadReport> {
  const folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-load-"));
  const database = await createTestDatabase();
  copyDatabase(folder);
  const kms = await startKms();
  const instance = await startInstance(
    {
      ...kms.environment,
      ...TOKEN_SETTINGS,
      ...(database && { DATABASE_URL: database.url }),
      NODE_ENV: "production",
      NODE_OPTIONS: COLLECTING,
      DEVICE_REGISTRATION: "first-use",
      DATA_DIR: folder,
      KMS_KEY_ID: await kms.createKey(),
      // So short that an outage is felt.
      KMS_CACHE_SECONDS: "2",
      METRICS_TOKEN,
      LIMIT_DEVICE_GENERATIONS: "100000",
      LIMIT_USER_GENERATIONS: "100000",
      LIMIT_ADDRESS_GENERATIONS: "1000000",
      LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
      LIMIT_USER_REQUESTS_PER_MINUTE: "0",
    },
    MAIN,
  );
  try {
    const { url } = instance;
    const working = await startClients([url], clients);
    await runPhase(working, Math.min(5, seconds));

    const memory = watchMemory(url, METRICS_TOKEN);
    const first = await runPhase(working, seconds);
    const memoryReport = await memory.stop();

    await kms.proxy.stop();
    const outage = await runPhase(working, async () => {
      await delay(outageSeconds * 1000);
      await until("the end of calls", async () => (await keyServiceOf(url)) === "unavailable");
      // So that clients are told of it.
      await delay(1000);
    });
    const keyService = await keyServiceOf(url);
    await kms.proxy.start();
    const recoverySeconds = await untilRecovered(working[0]!);
    return {
      working: first,
      outage,
      keyServiceDuringOutage: keyService,
      recoverySeconds,
      recovered: await runPhase(working, Math.min(10, seconds)),
      memory: memoryReport,
    };
  } finally {
    await instance.kill("SIGTERM");
    await kms.stop();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the probe says of KMS. */
async function keyServiceOf(url: string): Promise<string> {
  const report = (await (await fetch(`${url}/readyz`)).json()) as { keyService: string };
  return report.keyService;
}

async function untilRecovered(client: LoadClient): Promise<number> {
  const started = performance.now();
  const passed = () => (performance.now() - started) / 1000;
  while (await client.rotate()) {
    if (passed() > RECOVERY_DEADLINE_SECONDS) throw new Error("the service does not recover");
    await delay(500);
  }
  return Math.round(passed());
}
