import { Global, Module, type DynamicModule } from "@nestjs/common";
import { Log } from "./log.js";

/** Gives every module the log. */
@Global()
@Module({})
export class LoggingModule {
  static for(log: Log): DynamicModule {
    return {
      module: LoggingModule,
      providers: [{ provide: Log, useValue: log }],
      exports: [Log],
    };
  }
}
