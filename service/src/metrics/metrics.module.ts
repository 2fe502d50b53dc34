import { Global, Module } from "@nestjs/common";
import { Measure } from "./measure.js";
import { MetricsRecorder } from "./metrics-recorder.js";
import { MetricsRetention } from "./metrics-retention.js";
import { MetricsWriter } from "./metrics-writer.js";
import { ProblemKeys } from "./problem-keys.js";
import { Summaries } from "./summaries.js";
import { SummaryResolver } from "./summary.resolver.js";
import { TimeframeRules } from "./timeframe.js";

const shared = [
  Measure,
  MetricsRecorder,
  MetricsRetention,
  MetricsWriter,
  ProblemKeys,
  Summaries,
  TimeframeRules,
];

/** Records what is done, sums it up, and forgets it in time. */
@Global()
@Module({ providers: [...shared, SummaryResolver], exports: shared })
export class MetricsModule {}
