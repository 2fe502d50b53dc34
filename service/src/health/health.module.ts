import { Module } from "@nestjs/common";
import { Gauges } from "./gauges.js";
import { HealthController } from "./health.controller.js";
import { Readiness } from "./readiness.js";
import { ScrapeGuard } from "./scrape.guard.js";

@Module({
  controllers: [HealthController],
  providers: [Gauges, Readiness, ScrapeGuard],
  exports: [Readiness],
})
export class HealthModule {}
