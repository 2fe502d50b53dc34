import { Module } from "@nestjs/common";
import { StartCheck } from "./start-check.js";

/** Finds what somebody changed in the database. */
@Module({ providers: [StartCheck] })
export class TamperingModule {}
