import { Module } from "@nestjs/common";
import { AuditLog } from "./audit-log.js";
import { AuditResolver } from "./audit.resolver.js";

/** Shows administrators who did what. */
@Module({ providers: [AuditLog, AuditResolver], exports: [AuditLog] })
export class AuditModule {}
