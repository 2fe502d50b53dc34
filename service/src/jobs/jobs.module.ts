import { Module } from "@nestjs/common";
import { KeysModule } from "../keys/keys.module.js";
import { ReceiptsModule } from "../receipts/receipts.module.js";
import { CleanUp } from "./clean-up.js";
import { DailySchedule } from "./daily-schedule.js";
import { DailySteps } from "./daily-steps.js";
import { DailyTask } from "./daily-task.js";
import { JobLock } from "./job-lock.js";
import { JobsResolver } from "./jobs.resolver.js";
import { KeySteps } from "./key-steps.js";

@Module({
  imports: [KeysModule, ReceiptsModule],
  providers: [CleanUp, DailySchedule, DailySteps, DailyTask, JobLock, JobsResolver, KeySteps],
  exports: [DailyTask],
})
export class JobsModule {}
