import { Args, Int, Query, Resolver } from "@nestjs/graphql";
import { Roles } from "../auth/auth.guard.js";
import { JsonScalar } from "../graphql/json.js";
import { Summaries } from "./summaries.js";
import { EncryptionMetricsSummary } from "./summary.model.js";

@Roles("metrics")
@Resolver()
export class SummaryResolver {
  constructor(private readonly summaries: Summaries) {}

  @Query(() => JsonScalar, {
    description:
      "What the service did in the last hours, as one JSON value: all that `encryptionMetrics` has. " +
      "Needs the role `metrics` or `admin`.",
  })
  getEncryptionMetricsSummary(
    @Args("timeframeHours", { type: () => Int, defaultValue: 24 }) timeframeHours: number,
  ): Promise<EncryptionMetricsSummary> {
    return this.summaries.summarize(timeframeHours);
  }

  @Query(() => EncryptionMetricsSummary, {
    description: "The same, typed: ask for the fields that you need.",
  })
  encryptionMetrics(
    @Args("timeframeHours", { type: () => Int, defaultValue: 24 }) timeframeHours: number,
  ): Promise<EncryptionMetricsSummary> {
    return this.summaries.summarize(timeframeHours);
  }
}
