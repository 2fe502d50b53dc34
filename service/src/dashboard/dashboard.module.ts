import { Module, type MiddlewareConsumer, type NestModule } from "@nestjs/common";
import { AuditModule } from "../audit/audit.module.js";
import { CredentialsModule } from "../credentials/credentials.module.js";
import { HealthModule } from "../health/health.module.js";
import { JobsModule } from "../jobs/jobs.module.js";
import { KeysModule } from "../keys/keys.module.js";
import { Administrators } from "./administrators.js";
import { DailyTaskState } from "./daily-task-state.js";
import { DashboardController } from "./dashboard.controller.js";
import { DependencyState } from "./dependency-state.js";
import { assets, securityHeaders } from "./pages.js";
import { ServiceState } from "./service-state.js";
import { SessionController } from "./session.controller.js";
import { Subjects } from "./subjects.js";
import { SubjectsController } from "./subjects.controller.js";

@Module({
  imports: [AuditModule, CredentialsModule, HealthModule, JobsModule, KeysModule],
  controllers: [DashboardController, SessionController, SubjectsController],
  providers: [Administrators, DailyTaskState, DependencyState, ServiceState, Subjects],
})
export class DashboardModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes("dashboard", "dashboard/*path");
    consumer.apply(assets).forRoutes("dashboard/assets");
  }
}
