import { Global, Module } from "@nestjs/common";
import { FullCheck } from "./full-check.js";
import { StartCheck } from "./start-check.js";
import { UserSeals } from "./user-seals.js";

/** Finds what somebody changed in the database. */
@Global()
@Module({ providers: [FullCheck, StartCheck, UserSeals], exports: [FullCheck, UserSeals] })
export class TamperingModule {}
