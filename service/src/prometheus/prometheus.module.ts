import { Global, Module } from "@nestjs/common";
import { Gauges } from "./gauges.js";
import { PrometheusController } from "./prometheus.controller.js";
import { Prometheus } from "./prometheus.js";
import { ScrapeGuard } from "./scrape.guard.js";

/** Counts what this instance does, and tells it at `/metrics`. */
@Global()
@Module({
  controllers: [PrometheusController],
  providers: [Gauges, Prometheus, ScrapeGuard],
  exports: [Prometheus],
})
export class PrometheusModule {}
