import { Global, Module } from "@nestjs/common";
import { APP_GUARD, APP_INTERCEPTOR } from "@nestjs/core";
import { FairTurns } from "../limits/fair-turns.js";
import { AuthGuard } from "./auth.guard.js";
import { Tokens } from "./tokens.js";
import { WhoAmIResolver } from "./who-am-i.resolver.js";

@Global()
@Module({
  providers: [
    Tokens,
    WhoAmIResolver,
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_INTERCEPTOR, useClass: FairTurns },
  ],
  exports: [Tokens],
})
export class AuthModule {}
