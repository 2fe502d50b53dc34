import { Field, Float, ID, Int, ObjectType } from "@nestjs/graphql";

@ObjectType({
  description: "Percentiles of how long operations took, in milliseconds, right to 5 %.",
})
export class Durations {
  @Field(() => Float) p50Ms!: number;
  @Field(() => Float) p95Ms!: number;
  @Field(() => Float) p99Ms!: number;
}

@ObjectType({ description: "How operations went." })
export class OperationCounts {
  @Field(() => Int) attempts!: number;
  @Field(() => Int) successes!: number;
  @Field(() => Int) failures!: number;
  @Field(() => Int, {
    description: "Failures that the service or what it stands on is to blame for.",
  })
  serviceFailures!: number;
  @Field(() => Int, { description: "Failures by what callers sent, such as a wrong PIN." })
  callerFailures!: number;
  @Field(() => Float, { nullable: true, description: "From 0 to 1; null if there was no attempt." })
  successRate!: number | null;
  @Field(() => Float, {
    nullable: true,
    description: "The share of attempts that did not fail by the service's fault, from 0 to 1.",
  })
  availability!: number | null;
  @Field(() => Durations, { nullable: true, description: "Null if there was no attempt." })
  durations!: Durations | null;
}

@ObjectType({ description: "How one kind of operation went." })
export class OperationMetrics extends OperationCounts {
  @Field(() => String) operation!: string;
}

@ObjectType({ description: "How often an operation failed for one reason." })
export class FailureMetrics {
  @Field(() => String) operation!: string;
  @Field(() => String, { description: "The code of the error." }) reason!: string;
  @Field(() => Boolean, {
    description: "Whether the service or what it stands on is to blame, and not the caller.",
  })
  ofService!: boolean;
  @Field(() => Int) failures!: number;
  @Field(() => Float, { description: "Of all failures, from 0 to 1." }) share!: number;
}

@ObjectType()
export class FailureCount {
  @Field(() => String) reason!: string;
  @Field(() => Int) failures!: number;
}

@ObjectType({ description: "A piece of the timeframe." })
export class MetricsPeriod extends OperationCounts {
  @Field(() => Date) from!: Date;
  @Field(() => Boolean, { description: "False for the last piece, which goes on." })
  finished!: boolean;
  @Field(() => [OperationMetrics]) byOperation!: OperationMetrics[];
  @Field(() => [FailureCount]) byReason!: FailureCount[];
}

@ObjectType({ description: "How many keys there are now." })
export class KeyStates {
  @Field(() => Int) active!: number;
  @Field(() => Int) decryptOnly!: number;
  @Field(() => Int) destroyed!: number;
}

@ObjectType()
export class DeviceCounts {
  @Field(() => Int, { description: "Of which there was an operation in the timeframe." })
  seen!: number;
  @Field(() => Int, { description: "All that ever registered." }) registered!: number;
}

@ObjectType({ description: "What makes a key a problem key." })
export class ProblemKeyRule {
  @Field(() => Int) minimumAttempts!: number;
  @Field(() => Float, { description: "From 0 to 1." }) failureRate!: number;
  @Field(() => Int) windowHours!: number;
}

@ObjectType({ description: "A key whose payloads fail to decrypt too often." })
export class ProblemKey {
  @Field(() => ID) keyId!: string;
  @Field(() => String, { nullable: true }) deviceId!: string | null;
  @Field(() => Int) attempts!: number;
  @Field(() => Int) failures!: number;
  @Field(() => Float, { description: "From 0 to 1." }) failureRate!: number;
  @Field(() => Date) lastFailureAt!: Date;
}

@ObjectType({ description: "What the service did in the last hours, and what there is now." })
export class EncryptionMetricsSummary {
  @Field(() => Float) timeframeHours!: number;
  @Field(() => Date) from!: Date;
  @Field(() => Date) until!: Date;
  @Field(() => Int, { description: "How long a piece of the series is, in seconds." })
  stepSeconds!: number;
  @Field(() => OperationCounts) totals!: OperationCounts;
  @Field(() => [OperationMetrics]) byOperation!: OperationMetrics[];
  @Field(() => [FailureMetrics], { description: "The most frequent first." })
  byReason!: FailureMetrics[];
  @Field(() => [MetricsPeriod], { description: "The timeframe in about 60 pieces, oldest first." })
  series!: MetricsPeriod[];
  @Field(() => KeyStates) keys!: KeyStates;
  @Field(() => DeviceCounts) devices!: DeviceCounts;
  @Field(() => ProblemKeyRule) problemKeyRule!: ProblemKeyRule;
  @Field(() => [ProblemKey], { description: "The worst first, at most 100." })
  problemKeys!: ProblemKey[];
}
