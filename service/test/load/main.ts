import { parseArgs } from "node:util";
import { startPostgres } from "../support/postgres.js";
import { runLoad, type LoadReport } from "./load.js";
import { printMemory, printPhase } from "./printing.js";

/** `npm run load -- [--clients 200] [--seconds 60] [--outage 20] [--pglite]` */
async function main(words: string[]): Promise<void> {
  const { values } = parseArgs({
    args: words,
    options: {
      clients: { type: "string", default: "200" },
      seconds: { type: "string", default: "60" },
      outage: { type: "string", default: "20" },
      pglite: { type: "boolean", default: false },
    },
  });
  const { clients, seconds, outage, pglite } = values;
  const server = pglite ? undefined : await startPostgres();
  if (server) process.env.TEST_DATABASE_URL = server.url;
  try {
    console.log(`${clients} clients, ${pglite ? "PGlite" : "PostgreSQL"}, moto as KMS`);
    print(
      await runLoad({
        clients: Number(clients),
        seconds: Number(seconds),
        outageSeconds: Number(outage),
      }),
    );
  } finally {
    server?.stop();
  }
}

function print(report: LoadReport): void {
  const { working, outage, recovered, memory } = report;
  printPhase("at work", working);
  printMemory("  memory", memory);
  printPhase("without KMS", outage);
  console.log(`  key service: ${report.keyServiceDuringOutage}`);
  console.log(`  refusals name up to ${outage.longestRetryAfterSeconds} s to wait`);
  console.log(`recovered ${report.recoverySeconds} s after KMS was back`);
  printPhase("with KMS again", recovered);
  const failed = [working, recovered].some(({ failures }) => Object.keys(failures).length > 0);
  if (failed) process.exitCode = 1;
}

await main(process.argv.slice(2));
