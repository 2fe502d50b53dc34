import { Controller, Get, Res, UseGuards } from "@nestjs/common";
import type { Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { ProbePortGuard } from "../health/probes.js";
import { Prometheus } from "./prometheus.js";
import { ScrapeGuard } from "./scrape.guard.js";

/** What Prometheus asks. */
@Public()
@Controller()
@UseGuards(ProbePortGuard)
export class PrometheusController {
  constructor(private readonly prometheus: Prometheus) {}

  @Get("metrics")
  @UseGuards(ScrapeGuard)
  async metrics(@Res() response: Response): Promise<void> {
    const { registry } = this.prometheus;
    response.type(registry.contentType).send(await registry.metrics());
  }
}
