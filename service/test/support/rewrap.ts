import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../src/config/config.js";
import type { Database } from "../../src/database/database.js";
import { openDatabase } from "../../src/database/open.js";
import { createLog } from "../../src/logging/log.js";
import { startService, type RunningService } from "../../src/service.js";
import type { DeviceKey } from "./device.js";
import type { TestKms } from "./moto.js";
import { countByKey, storeKeys } from "./stored-keys.js";
import { copyDatabase, createTestDatabase, type TestDatabase } from "./test-database.js";
import { TOKEN_SETTINGS } from "./tokens.js";

const COMMAND = fileURLToPath(new URL("../../src/rewrap/main.js", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly complaints: string;
}

/** What is done to the command once it has moved so many keys of devices. */
export interface Interruption {
  readonly once?: number;
  readonly then?: (kill: (name: NodeJS.Signals) => void) => void;
}

/** A database of its own, whose keys are moved from one key of KMS to another. */
export class RewrapScene {
  private readonly log = createLog("silent");

  private constructor(
    readonly folder: string,
    /** None on PGlite, whose folder one process has for itself. */
    readonly testDatabase: TestDatabase | undefined,
    /** The settings of the service and of the command. */
    readonly environment: Record<string, string>,
  ) {}

  static async start(kms: TestKms): Promise<RewrapScene> {
    const folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-rewrap-"));
    const testDatabase = await createTestDatabase();
    copyDatabase(folder);
    return new RewrapScene(folder, testDatabase, {
      ...kms.environment,
      ...TOKEN_SETTINGS,
      NODE_ENV: "test",
      PORT: "0",
      DATA_DIR: folder,
      DAILY_TASK_MINUTES: "0",
      LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
      LIMIT_USER_REQUESTS_PER_MINUTE: "0",
      LIMIT_DEVICE_GENERATIONS: "100000",
      LIMIT_USER_GENERATIONS: "100000",
      LIMIT_ADDRESS_GENERATIONS: "100000",
      KMS_CACHE_SECONDS: "0",
      ...(testDatabase && { DATABASE_URL: testDatabase.url }),
    });
  }

  async end(): Promise<void> {
    await this.testDatabase?.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the command, as it is built. */
  async command(
    words: string[],
    { once: moved = Infinity, then = () => {} }: Interruption = {},
  ): Promise<Outcome> {
    const child = spawn(process.execPath, [COMMAND, ...words], {
      env: { PATH: process.env.PATH, ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let complaints = "";
    child.stdout.on("data", (data: Buffer) => {
      const before = movedOf(output);
      output += data.toString();
      if (before < moved && movedOf(output) >= moved) then((name) => child.kill(name));
    });
    child.stderr.on("data", (data: Buffer) => (complaints += data.toString()));
    const [code] = await once(child, "close");
    return { code, output, complaints };
  }

  async withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await openDatabase(loadConfig(this.environment), this.log);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  /** How many stored messages are under each key. */
  counts(): Promise<Record<string, number>> {
    return this.withDatabase(countByKey);
  }

  /** Keys of one user in a database that no service uses, under the key of the settings. */
  store(userId: string, count: number): Promise<DeviceKey[]> {
    const config = loadConfig(this.environment);
    return this.withDatabase((database) => storeKeys(database, config, userId, count));
  }

  async withService<T>(
    settings: Record<string, string>,
    work: (service: RunningService) => Promise<T>,
  ): Promise<T> {
    const config = loadConfig({ ...this.environment, ...settings });
    const service = await startService(config, { log: this.log });
    try {
      return await work(service);
    } finally {
      await service.close();
    }
  }
}

/** How many keys of devices it says that it has moved. */
function movedOf(output: string): number {
  return Number([...output.matchAll(/client_keys: .* (\d+) moved/g)].at(-1)?.[1] ?? 0);
}
