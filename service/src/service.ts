import { once } from "node:events";
import type { Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { AppModule } from "./app.module.js";
import { Clock } from "./common/clock.js";
import { SECOND } from "./common/durations.js";
import type { Config } from "./config/config.js";
import { DatabaseClock } from "./database/database-clock.js";
import { openDatabase } from "./database/open.js";
import { Tokens } from "./auth/tokens.js";
import { HttpErrorFilter } from "./graphql/http-errors.js";
import { Readiness } from "./health/readiness.js";
import { createProbeServer } from "./health/probes.js";
import { bodyTimeout } from "./limits/body-timeout.js";
import { requestLimits } from "./limits/request-limits.js";
import { createLog, nestLogger, type Log } from "./logging/log.js";
import { rememberRequestId } from "./logging/request-id.js";
import { requestMetrics } from "./prometheus/request-metrics.js";
import { Prometheus } from "./prometheus/prometheus.js";
import { requestLog } from "./logging/requests.js";

export interface RunningService {
  readonly app: NestExpressApplication;
  /** Where it answers, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Where probes are answered, if they have a port of their own. */
  readonly probeUrl: string | undefined;
  /**
   * Lets the requests in flight end, then gives everything up.
   *
   * @throws {Error} if that takes longer than SHUTDOWN_SECONDS; then the process has to be ended.
   */
  close(): Promise<void>;
}

/** Starts the service; nothing of it is left open if that fails. */
export async function startService(
  config: Config,
  {
    clock,
    machineClock = new Clock(),
    log = createLog(config.LOG_LEVEL),
  }: {
    /** In place of the database's time, for tests. */
    clock?: Clock;
    machineClock?: Clock;
    log?: Log;
  } = {},
): Promise<RunningService> {
  const database = await openDatabase(config, log);
  let databaseClock: DatabaseClock | undefined;
  let app: NestExpressApplication | undefined;
  let probes: Server | undefined;
  try {
    if (!clock) databaseClock = await DatabaseClock.start(database, config, log, machineClock);
    const time = clock ?? databaseClock!;
    const surroundings = AppModule.for({ config, clock: time, log, database });
    app = await NestFactory.create<NestExpressApplication>(surroundings, {
      abortOnError: false,
      bodyParser: false,
      logger: nestLogger(log),
    });
    configure(app, config, log);
    probes = await listenForProbes(app, config);
    await app.listen(config.PORT, config.HOST);
  } catch (error) {
    probes?.close();
    await app?.close();
    databaseClock?.stop();
    await database.close();
    throw error;
  }
  const running = app;
  return {
    app: running,
    url: urlOf(running.getHttpServer()),
    probeUrl: probes && urlOf(probes),
    close: () =>
      closeWithin(config, async (cut) => {
        // Whoever sends requests here learns it before the port is closed.
        running.get(Readiness).end();
        await delay(config.DRAIN_SECONDS * SECOND);
        await closeApplication(running, cut);
        databaseClock?.stop();
        await database.close();
        // The last to go: until then it says that this instance is ending.
        probes?.close();
        probes?.closeAllConnections();
      }),
  };
}

function configure(app: NestExpressApplication, config: Config, log: Log): void {
  app.disable("x-powered-by");
  app.set("trust proxy", config.TRUST_PROXY);
  const prometheus = app.get(Prometheus);
  app.use(requestLog(log), rememberRequestId, requestMetrics(prometheus));
  // Before what refuses: a browser shows an application no answer without these headers.
  if (config.CORS_ORIGINS.length > 0) {
    // The client goes by the time of the service.
    app.enableCors({ origin: config.CORS_ORIGINS, exposedHeaders: ["date"], maxAge: 600 });
  }
  app.use(requestLimits(config, app.get(Tokens), () => prometheus.countError("TOO_MANY_REQUESTS")));
  app.use(bodyTimeout(config.BODY_TIMEOUT_SECONDS));
  // Node.js looks for slow headers every 30 seconds.
  (app.getHttpServer() as Server).headersTimeout = config.BODY_TIMEOUT_SECONDS * SECOND;
  app.useBodyParser("json", { limit: config.GRAPHQL_BODY_BYTES });
  app.useGlobalFilters(new HttpErrorFilter((code) => prometheus.countError(code)));
}

async function listenForProbes(
  app: NestExpressApplication,
  config: Config,
): Promise<Server | undefined> {
  if (config.PROBE_PORT === undefined) return undefined;
  await app.init();
  const server = createProbeServer(app.getHttpAdapter().getInstance());
  await once(server.listen(config.PROBE_PORT, config.HOST), "listening");
  return server;
}

/** Whatever runs: a database or a key service that hangs is not waited for. */
async function closeWithin(config: Config, close: (cut: AbortSignal) => Promise<void>) {
  const milliseconds = config.SHUTDOWN_SECONDS * SECOND;
  // What comes after the last request, such as writing the metrics, takes time, too.
  const cut = AbortSignal.timeout(milliseconds * 0.8);
  const closing = close(cut);
  const late = new AbortController();
  const timeout = delay(milliseconds, true, { signal: late.signal }).catch(() => false);
  const isLate = await Promise.race([closing.then(() => false), timeout]).finally(() =>
    late.abort(),
  );
  if (!isLate) return;
  closing.catch(() => {});
  throw new Error(`something still ran after ${config.SHUTDOWN_SECONDS} seconds, and was cut off`);
}

/** Connections that still have not ended when it is time to cut are cut. */
async function closeApplication(app: NestExpressApplication, cut: AbortSignal): Promise<void> {
  const server: Server = app.getHttpServer();
  cut.addEventListener("abort", () => server.closeAllConnections(), { once: true });
  await app.close();
}

function urlOf(server: Server): string {
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("the server has no port");
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
