import { Module, type MiddlewareConsumer, type NestModule } from "@nestjs/common";
import { Administrators } from "./administrators.js";
import { DashboardController } from "./dashboard.controller.js";
import { assets, securityHeaders } from "./pages.js";
import { SessionController } from "./session.controller.js";

@Module({
  controllers: [DashboardController, SessionController],
  providers: [Administrators],
})
export class DashboardModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes("dashboard", "dashboard/*path");
    consumer.apply(assets).forRoutes("dashboard/assets");
  }
}
