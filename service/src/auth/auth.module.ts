import { Global, Module } from "@nestjs/common";
import { APP_GUARD } from "@nestjs/core";
import { AuthGuard } from "./auth.guard.js";
import { Tokens } from "./tokens.js";
import { WhoAmIResolver } from "./who-am-i.resolver.js";

@Global()
@Module({
  providers: [Tokens, WhoAmIResolver, { provide: APP_GUARD, useClass: AuthGuard }],
  exports: [Tokens],
})
export class AuthModule {}
