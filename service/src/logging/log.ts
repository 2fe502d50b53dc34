import { pino, type DestinationStream, type Logger } from "pino";
import type { LoggerService } from "@nestjs/common";

/** The structured log. What is passed to it never holds payloads, tokens or secrets. */
export interface Log extends Logger {}

export abstract class Log {}

/** One JSON object a line, on standard output by default. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: { service: "kms-envelope-service" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What Nest itself says, in the same log. */
export function nestLogger(log: Log): LoggerService {
  const at =
    (level: "debug" | "error" | "warn") =>
    (message: unknown, ...rest: unknown[]) =>
      log[level]({ context: rest.at(-1) }, String(message));
  return {
    log: at("debug"),
    debug: at("debug"),
    verbose: at("debug"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("error"),
  };
}
