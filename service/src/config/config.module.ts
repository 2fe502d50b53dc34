import { Global, Module, type DynamicModule } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { Config } from "./config.js";

/** Gives every module the settings and the clock. */
@Global()
@Module({})
export class ConfigModule {
  static for(config: Config, clock: Clock): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useValue: clock },
      ],
      exports: [Config, Clock],
    };
  }
}
