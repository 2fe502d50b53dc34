import { Global, Module } from "@nestjs/common";
import { Measure } from "./measure.js";
import { MetricsRecorder } from "./metrics-recorder.js";

@Global()
@Module({ providers: [MetricsRecorder, Measure], exports: [MetricsRecorder, Measure] })
export class MetricsModule {}
