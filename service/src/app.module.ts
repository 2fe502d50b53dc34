import { Module, type DynamicModule } from "@nestjs/common";
import { AuditModule } from "./audit/audit.module.js";
import { AuthModule } from "./auth/auth.module.js";
import type { Clock } from "./common/clock.js";
import type { Config } from "./config/config.js";
import { ConfigModule } from "./config/config.module.js";
import { CredentialsModule } from "./credentials/credentials.module.js";
import { DataModule } from "./user-data/data.module.js";
import type { Database } from "./database/database.js";
import { DatabaseModule } from "./database/database.module.js";
import { DashboardModule } from "./dashboard/dashboard.module.js";
import { DemoModule } from "./demo/demo.module.js";
import { EnvelopeModule } from "./envelope/envelope.module.js";
import { GraphiQLModule } from "./graphql/graphiql.module.js";
import { ServiceGraphQLModule } from "./graphql/graphql.module.js";
import { HealthModule } from "./health/health.module.js";
import { JobsModule } from "./jobs/jobs.module.js";
import { KeysModule } from "./keys/keys.module.js";
import type { Log } from "./logging/log.js";
import { LoggingModule } from "./logging/logging.module.js";
import { MetricsModule } from "./metrics/metrics.module.js";
import { PrometheusModule } from "./prometheus/prometheus.module.js";
import { TamperingModule } from "./tampering/tampering.module.js";

/** What the application is given from outside, and tests may replace. */
export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database;
}

@Module({})
export class AppModule {
  static for({ config, clock, log, database }: Surroundings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.for(config, clock),
        LoggingModule.for(log),
        DatabaseModule.for(database),
        EnvelopeModule.for(config),
        AuthModule,
        MetricsModule,
        PrometheusModule,
        AuditModule,
        KeysModule,
        CredentialsModule,
        DataModule,
        TamperingModule,
        JobsModule,
        ServiceGraphQLModule,
        HealthModule,
        DashboardModule,
        ...(config.isProduction ? [] : [DemoModule]),
        ...(config.GRAPHIQL === "on" ? [GraphiQLModule] : []),
      ],
    };
  }
}
