import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { RequestHandler } from "express";
import { ServiceError } from "../common/service-error.js";

const PROBES = new Set(["/livez", "/readyz", "/metrics"]);

/** The requests that came to the port for probes. */
const onOwnPort = new WeakSet<IncomingMessage>();

/** Whether orchestrators and Prometheus ask: they are neither limited nor logged. */
export function isProbe(request: IncomingMessage & { readonly originalUrl?: string }): boolean {
  return PROBES.has(pathOf(request));
}

export function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? "").split("?", 1)[0] ?? "";
}

/** A port for probes alone, which floods of the other one do not reach. */
export function createProbeServer(listener: RequestListener): Server {
  return createServer((request, response) => {
    if (!isProbe(request)) return response.writeHead(404).end();
    onOwnPort.add(request);
    return listener(request, response);
  });
}

/** Where probes have a port of their own, the port for everybody does not answer them. */
export const probesElsewhere: RequestHandler = (request, _response, next) => {
  if (!isProbe(request) || onOwnPort.has(request)) return next();
  next(
    Object.assign(new ServiceError("BAD_USER_INPUT", "There is nothing at this address."), {
      status: 404,
    }),
  );
};
