import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pinoHttp, type HttpLogger } from "pino-http";
import { isProbe, pathOf } from "../health/probes.js";
import type { Log } from "./log.js";

/** A line for each request: what was asked and how it went, without headers, query and body. */
export function requestLog(log: Log): HttpLogger {
  return pinoHttp<IncomingMessage, ServerResponse>({
    logger: log,
    genReqId: (_request, response) => {
      const id = randomUUID();
      response.setHeader("x-request-id", id);
      return id;
    },
    autoLogging: { ignore: isProbe },
    serializers: {
      req: (request: { id: string; method: string; raw: IncomingMessage }) => ({
        id: request.id,
        method: request.method,
        path: pathOf(request.raw),
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
    wrapSerializers: true,
    customLogLevel: (_request, response, error) =>
      error || response.statusCode >= 500 ? "error" : "info",
  });
}
