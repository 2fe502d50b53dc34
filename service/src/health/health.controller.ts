import { Controller, Get, Header, Inject, Res, UseGuards } from "@nestjs/common";
import type { Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { Prometheus } from "../metrics/prometheus.js";
import { Readiness } from "./readiness.js";
import { ScrapeGuard } from "./scrape.guard.js";

/** What orchestrators and Prometheus ask. */
@Public()
@Controller()
export class HealthController {
  constructor(
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(Prometheus) private readonly prometheus: Prometheus,
  ) {}

  /** Whether the process answers at all; if not, restart it. */
  @Get("livez")
  @Header("cache-control", "no-store")
  live() {
    return { status: "ok" };
  }

  /** Whether to send it requests. */
  @Get("readyz")
  @Header("cache-control", "no-store")
  async ready(@Res({ passthrough: true }) response: Response) {
    const report = await this.readiness.check();
    response.status(report.status === "ok" ? 200 : 503);
    return report;
  }

  @Get("metrics")
  @UseGuards(ScrapeGuard)
  async metrics(@Res() response: Response): Promise<void> {
    const { registry } = this.prometheus;
    response.type(registry.contentType).send(await registry.metrics());
  }
}
