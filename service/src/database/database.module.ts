import { Global, Module, type DynamicModule } from "@nestjs/common";
import { Database } from "./database.js";

/** Gives every module the database, which whoever opened it also closes. */
@Global()
@Module({})
export class DatabaseModule {
  static for(database: Database): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: Database, useValue: database }],
      exports: [Database],
    };
  }
}
