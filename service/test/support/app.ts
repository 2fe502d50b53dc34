import "reflect-metadata";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { Tokens } from "../../src/auth/tokens.js";
import { Clock } from "../../src/common/clock.js";
import { loadConfig, type Config } from "../../src/config/config.js";
import { Database } from "../../src/database/database.js";
import { createLog } from "../../src/logging/log.js";
import { startService, type RunningService } from "../../src/service.js";
import { copyDatabase, createTestDatabase } from "./test-database.js";

/** A clock that tests move; it does not run by itself. */
export class TestClock extends Clock {
  private time = new Date();

  override now(): Date {
    return new Date(this.time);
  }

  advance(milliseconds: number): void {
    this.time = new Date(this.time.getTime() + milliseconds);
  }
}

export interface GraphQLAnswer {
  readonly status: number;
  // What a test reads of it, it asserts.
  readonly data?: any;
  readonly errors?: { message: string; extensions: { code: string; [detail: string]: any } }[];
}

export interface TestService {
  readonly url: string;
  readonly probeUrl: string | undefined;
  readonly config: Config;
  readonly clock: TestClock;
  readonly database: Database;
  readonly app: RunningService["app"];
  /** All that was logged, as text. */
  logged(): string;
  token(userId: string, ...roles: string[]): Promise<string>;
  graphql(query: string, variables?: object, token?: string): Promise<GraphQLAnswer>;
  close(): Promise<void>;
}

/**
 * Starts the real application on a port of its own: on a PGlite folder, or on a new database of the
 * PostgreSQL that `TEST_DATABASE_URL` names. `close` takes all of it away.
 *
 * @param overrides what no setting gives, such as production without a KMS.
 */
export async function startTestService(
  settings: Record<string, string> = {},
  overrides: Partial<Config> = {},
): Promise<TestService> {
  const folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-service-"));
  const testDatabase = await createTestDatabase();
  copyDatabase(folder);
  const config = loadConfig({
    NODE_ENV: "test",
    PORT: "0",
    LOG_LEVEL: "info",
    DATA_DIR: folder,
    DATABASE_URL: testDatabase?.url,
    LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "0",
    LIMIT_USER_REQUESTS_PER_MINUTE: "0",
    DAILY_TASK_MINUTES: "0",
    ...settings,
  });
  Object.assign(config, overrides);
  const lines: string[] = [];
  const log = createLog(config.LOG_LEVEL, collector(lines));
  const clock = new TestClock();
  const service = await startService(config, { clock, log }).catch(async (error: unknown) => {
    await testDatabase?.drop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    url: service.url,
    probeUrl: service.probeUrl,
    config,
    clock,
    app: service.app,
    database: service.app.get(Database),
    logged: () => lines.join(""),
    token: (userId, ...roles) => service.app.get(Tokens).issueForDevelopment(userId, roles, 3650),
    graphql: (query, variables, token) => post(service.url, query, variables, token),
    close: async () => {
      await service.close();
      await testDatabase?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Sends a GraphQL request. */
export async function post(
  url: string,
  query: string,
  variables?: object,
  token?: string,
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

function collector(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
}
