import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { Clock } from "../../src/common/clock.js";
import { post } from "./app.js";
import { Device } from "./device.js";
import { startInstance, type Instance } from "./instances.js";
import { startTestIssuer, type TestIssuer } from "./issuer.js";
import { KMS_CREDENTIALS, startTestKms, type TestKms } from "./kms.js";
import { freePort, startPostgres, type PostgresServer } from "./postgres.js";
import { until } from "./until.js";
import { recoveryOf, Worker } from "./workload.js";

export interface Acknowledged {
  readonly keys: number;
  readonly keysThere: number;
  readonly pins: number;
  readonly pinsThere: number;
}

export const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));

/** Two instances under load, with all that they need, each part of which can be taken away. */
export class Fleet {
  readonly folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-fleet-"));
  readonly instances: Instance[] = [];
  readonly workers: Worker[] = [];
  server!: PostgresServer;
  kms!: TestKms;
  issuer!: TestIssuer;
  environment!: Readonly<Record<string, string>>;
  client!: pg.Client;

  private constructor() {}

  /**
   * All at work, when it resolves; if it fails, nothing of it is left.
   *
   * @param settings of the instances, beside those that they need.
   * @param prepare is done before anybody is at work.
   */
  static async start(
    settings: Record<string, string> = {},
    prepare?: (fleet: Fleet) => Promise<void>,
  ): Promise<Fleet> {
    const fleet = new Fleet();
    try {
      await fleet.begin(settings);
      await prepare?.(fleet);
      await fleet.work();
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.kms) this.kms.away = false;
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await Promise.all(this.instances.map((instance) => instance.kill("SIGKILL")));
    await this.client?.end();
    await this.kms?.stop();
    this.issuer?.stop();
    this.server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Starts another process at the address of one that ended. */
  async startAgain(place: number): Promise<void> {
    const PORT = new URL(this.instances[place]!.url).port;
    this.instances[place] = await this.startAt(PORT);
  }

  async untilAllWork(since: number): Promise<string> {
    const times = () => Object.values(recoveryOf(this.workers, since));
    await until("recovery", () => times().length === this.instances.length);
    return times().join(" and ");
  }

  async count(query: string, ...values: unknown[]): Promise<number> {
    const { rows } = await this.client.query<{ n: number }>(
      `SELECT count(*)::int AS n ${query}`,
      values,
    );
    return rows[0]!.n;
  }

  /** Connects to the database: again, where it was restarted. */
  async connect(): Promise<void> {
    this.client = new pg.Client({ connectionString: this.server.url });
    // Whoever uses a connection that is gone is told so then.
    this.client.on("error", () => {});
    await this.client.connect();
  }

  /** What was acknowledged to the workers, which end, and what of it is there. */
  async acknowledged(): Promise<Acknowledged> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    const keys = this.workers.flatMap((worker) => worker.keys);
    const withPin = this.workers.filter(({ pins }) => pins.length > 0);
    const there = "FROM client_keys WHERE id = ANY($1) AND private_key IS NOT NULL";
    const verified: number[] = [];
    for (const worker of withPin) verified.push(await worker.verifiedPins());
    return {
      keys: keys.length,
      keysThere: await this.count(`${there} AND state <> 'destroyed'`, keys),
      pins: withPin.length,
      pinsThere: verified.filter((count) => count === 1).length,
    };
  }

  /** A new device, seen by both instances. */
  async newDevice(): Promise<[Device, Device]> {
    const [token, id] = [await this.issuer.sign(randomUUID()), randomUUID()];
    const [first, second] = this.instances.map(({ url }) => {
      const graphql = (query: string, variables?: object) => post(url, query, variables, token);
      return new Device({ graphql, clock: new Clock() }, token, id);
    });
    return [first!, second!];
  }

  /** Runs the daily task; undefined if nobody answered. */
  async runDailyTask({ url }: Instance) {
    const query = "mutation { runDailyTask { finishedAt destroyedKeys tamperedRows heldBack } }";
    const token = await this.issuer.sign("root", "admin");
    return post(url, query, {}, token).catch(() => undefined);
  }

  private async begin(settings: Record<string, string>): Promise<void> {
    [this.server, this.kms, this.issuer] = await Promise.all([
      startPostgres(),
      startTestKms(),
      startTestIssuer(),
    ]);
    this.environment = {
      ...this.kms.settings,
      ...KMS_CREDENTIALS,
      ...this.issuer.settings,
      NODE_ENV: "test",
      DATABASE_URL: this.server.url,
      DATA_DIR: this.folder,
      SHUTDOWN_SECONDS: "10",
      LIMIT_DEVICE_GENERATIONS: "100000",
      LIMIT_USER_GENERATIONS: "100000",
      LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
      LIMIT_USER_REQUESTS_PER_MINUTE: "0",
      CREDENTIAL_FREE_ATTEMPTS: "100",
      CREDENTIAL_LOCK_AFTER: "1000",
      CREDENTIAL_WINDOW_FAILURES: "1000",
      DAILY_TASK_MINUTES: "0",
      DAILY_TASK_BATCH: "20",
      ...settings,
    };
    const ports = [await freePort(), await freePort()];
    this.instances.push(...(await Promise.all(ports.map((port) => this.startAt(String(port))))));
    await this.connect();
  }

  private async work(): Promise<void> {
    const sign = (user: string) => this.issuer.sign(user);
    const urls = this.instances.flatMap(({ url }) => [url, url]);
    this.workers.push(...(await Promise.all(urls.map((url) => Worker.at(url, sign)))));
    for (const worker of this.workers) worker.start();
    await this.untilAllWork(performance.now());
  }

  private startAt(PORT: string): Promise<Instance> {
    return startInstance({ ...this.environment, PORT }, MAIN);
  }
}
