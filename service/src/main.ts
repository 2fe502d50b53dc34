import "reflect-metadata";
import { Tokens } from "./auth/tokens.js";
import { ConfigError, loadConfig, type Config } from "./config/config.js";
import { createLog, type Log } from "./logging/log.js";
import { startService, type RunningService } from "./service.js";

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.LOG_LEVEL);
  const service = await startService(config, { log });
  log.info(
    {
      url: service.url,
      probeUrl: service.probeUrl,
      database: config.DATABASE_URL ? "postgres" : "pglite",
    },
    "listening",
  );
  if (config.issuesDevelopmentTokens) await greet(service, config);
  endOnSignal(service, log);
}

/** For a human at a terminal, so that the first request is one copy away. */
async function greet({ app, url }: RunningService, config: Config): Promise<void> {
  const token = await app.get(Tokens).issueForDevelopment("developer", ["admin", "metrics"]);
  console.log(
    [
      "",
      `GraphQL for development: ${url}/graphql`,
      `Keys under ${config.KMS_KEY_ID}, a key for development.`,
      "A token for 30 days, for this service alone (user developer, roles admin and metrics):",
      "",
      token,
      "",
    ].join("\n"),
  );
}

function endOnSignal(service: RunningService, log: Log): void {
  let ending = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // The second signal means that somebody does not want to wait.
      if (ending) process.exit(1);
      ending = true;
      log.info({ signal }, "ending");
      service.close().then(
        () => {
          log.info("ended");
          // A call of a key service that hangs must not keep the process.
          process.exit(0);
        },
        (error: Error) => {
          log.error({ reason: error.message }, "did not end well");
          // What still runs is not waited for.
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  const message =
    error instanceof ConfigError ? error.message : `The service does not start: ${String(error)}`;
  console.error(message);
  process.exitCode = 1;
});
