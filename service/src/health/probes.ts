import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import {
  Injectable,
  NotFoundException,
  type CanActivate,
  type ExecutionContext,
} from "@nestjs/common";
import { requestOf } from "../auth/caller.js";
import { Config } from "../config/config.js";

const PROBES = new Set(["/livez", "/readyz", "/metrics"]);

/** The requests that came to the port for probes. */
const onOwnPort = new WeakSet<IncomingMessage>();

/** Whether orchestrators and Prometheus ask: they are not logged. */
export function isProbe(request: IncomingMessage & { readonly originalUrl?: string }): boolean {
  return PROBES.has(pathOf(request)) && (request.method === "GET" || request.method === "HEAD");
}

/** Whether a request is a probe that is answered, and so is not limited. */
export function isAnsweredProbe(request: IncomingMessage, { PROBE_PORT }: Config): boolean {
  return isProbe(request) && (PROBE_PORT === undefined || onOwnPort.has(request));
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

/**
 * Where probes have a port of their own, the port for everybody does not answer them: however their
 * paths are written there.
 */
@Injectable()
export class ProbePortGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.config.PROBE_PORT === undefined || onOwnPort.has(requestOf(context))) return true;
    throw new NotFoundException();
  }
}
