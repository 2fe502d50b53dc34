import { Controller, Get, Header, Res, UseGuards } from "@nestjs/common";
import type { Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { ProbePortGuard } from "./probes.js";
import { Readiness } from "./readiness.js";

/** What orchestrators ask. */
@Public()
@Controller()
@UseGuards(ProbePortGuard)
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

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
}
