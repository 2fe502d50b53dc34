import { Inject } from "@nestjs/common";
import { Args, Int, Query, Resolver } from "@nestjs/graphql";
import { Roles } from "../auth/auth.guard.js";
import { Summaries } from "./summaries.js";
import { EncryptionMetricsSummary } from "./summary.model.js";

@Resolver()
export class SummaryResolver {
  constructor(@Inject(Summaries) private readonly summaries: Summaries) {}

  @Roles("metrics")
  @Query(() => EncryptionMetricsSummary, {
    description: "What the service did in the last hours. Needs the role `metrics` or `admin`.",
  })
  getEncryptionMetricsSummary(
    @Args("timeframeHours", { type: () => Int, defaultValue: 24 }) timeframeHours: number,
  ): Promise<EncryptionMetricsSummary> {
    return this.summaries.summarize(timeframeHours);
  }
}
