import { createHash, timingSafeEqual } from "node:crypto";
import { Injectable, type CanActivate, type ExecutionContext } from "@nestjs/common";
import { requestOf } from "../auth/caller.js";
import { Tokens } from "../auth/tokens.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";

/** Lets in Prometheus, with METRICS_TOKEN, and callers with the role `metrics` or `admin`. */
@Injectable()
export class ScrapeGuard implements CanActivate {
  constructor(
    private readonly config: Config,
    private readonly tokens: Tokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { authorization } = requestOf(context).headers;
    if (this.isScraper(authorization)) return true;
    const { roles } = await this.tokens.verify(authorization);
    if (roles.has("metrics") || roles.has("admin")) return true;
    throw new ServiceError("FORBIDDEN", "This needs the role metrics or admin.");
  }

  private isScraper(authorization = ""): boolean {
    const token = this.config.METRICS_TOKEN;
    return token !== undefined && timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));
  }
}

/** Of one length, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
