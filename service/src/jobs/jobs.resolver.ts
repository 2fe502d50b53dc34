import {
  Args,
  Field,
  GraphQLISODateTime,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from "@nestjs/graphql";
import { Roles } from "../auth/auth.guard.js";
import { CurrentCaller, type Caller } from "../auth/caller.js";
import { checkTime } from "../common/check-form.js";
import { ServiceError } from "../common/service-error.js";
import { Measure } from "../metrics/measure.js";
import type { DailyResult } from "./daily-steps.js";
import { DailyTask, type JobRun } from "./daily-task.js";

@ObjectType({ description: "A run of the daily task." })
export class DailyTaskRun {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: "`schedule` or `hand`" })
  trigger!: string;

  @Field(() => GraphQLISODateTime)
  startedAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => Int, { nullable: true, description: "Keys that were active, and now only decrypt." })
  retiredKeys?: number;

  @Field(() => Int, {
    nullable: true,
    description: "Keys that nobody can use any more; `restoreKeys` undoes it until they are wiped.",
  })
  destroyedKeys?: number;

  @Field(() => Int, { nullable: true, description: "Keys whose private key is gone." })
  wipedKeys?: number;

  @Field(() => Int, {
    nullable: true,
    description: "Keys and metrics that were due and were left, since they were too many.",
  })
  heldBack?: number;

  @Field(() => Int, {
    nullable: true,
    description: "Keys among them that were changed in the database.",
  })
  tamperedKeys?: number;

  @Field(() => Int, {
    nullable: true,
    description: "Rows of any kind that were changed or deleted.",
  })
  tamperedRows?: number;

  @Field(() => [ID], { description: "Keys that fail to decrypt more often than they should." })
  problemKeyIds!: string[];
}

/** For administrators. */
@Roles("admin")
@Resolver(() => DailyTaskRun)
export class JobsResolver {
  constructor(
    private readonly task: DailyTask,
    private readonly measure: Measure,
  ) {}

  @Query(() => [DailyTaskRun], { description: "The latest runs of the daily task; at most 31." })
  async dailyTaskRuns(
    @Args("count", { type: () => Int, defaultValue: 7 }) count: number,
  ): Promise<DailyTaskRun[]> {
    const runs = await this.task.latestRuns(Math.min(Math.max(count, 1), 31));
    return runs.map(answer);
  }

  @Mutation(() => DailyTaskRun, { description: "Runs the daily task now." })
  async runDailyTask(
    @Args("removeHeldBack", {
      type: () => Boolean,
      defaultValue: false,
      description: "Removes what is due even if it is more than a run may remove by itself.",
    })
    removeHeldBack: boolean,
    @CurrentCaller() { userId }: Caller,
  ): Promise<DailyTaskRun> {
    return this.measure.run({ operation: "run-daily-task", userId }, async () => {
      const run = await this.task.runByHand(new AbortController().signal, removeHeldBack);
      if (run) return answer(run);
      throw running();
    });
  }

  @Mutation(() => Int, {
    description: "Makes keys that were destroyed since then, and are not wiped yet, decrypt again.",
  })
  async restoreKeys(
    @Args("destroyedSince", { type: () => GraphQLISODateTime }) destroyedSince: Date,
    @CurrentCaller() { userId }: Caller,
  ): Promise<number> {
    return this.measure.run({ operation: "restore-keys", userId }, async () => {
      checkTime("destroyedSince", destroyedSince);
      const keys = await this.task.restoreKeys(destroyedSince);
      if (keys !== undefined) return keys;
      throw running();
    });
  }
}

function running(): ServiceError {
  return new ServiceError("JOB_RUNNING", "The daily task is being run; look at its runs.");
}

function answer({ id, trigger, startedAt, finishedAt, result }: JobRun): DailyTaskRun {
  const { retiredKeys, destroyedKeys, wipedKeys, heldBack, problemKeys, ...checked } = (result ??
    {}) as Partial<DailyResult>;
  const problemKeyIds = (problemKeys ?? []).map(({ keyId }) => keyId);
  return {
    id,
    trigger,
    startedAt,
    finishedAt,
    retiredKeys,
    destroyedKeys,
    wipedKeys,
    heldBack: heldBack && heldBack.destroyedKeys + heldBack.wipedKeys + heldBack.metrics,
    tamperedKeys: checked.tamperedKeys,
    tamperedRows: checked.tamperedRows,
    problemKeyIds,
  };
}
