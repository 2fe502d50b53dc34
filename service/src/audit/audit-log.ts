import { Injectable } from "@nestjs/common";
import { and, desc, eq, gte, isNotNull, lt, or, sql, type SQL } from "drizzle-orm";
import { Database } from "../database/database.js";
import { auditLog } from "../database/schema/metrics.js";
import type { AuditEntry, AuditFilter } from "./audit.types.js";

/** What was done, as the audit log has it. */
@Injectable()
export class AuditLog {
  constructor(private readonly database: Database) {}

  /** @param before the id of an entry: those that come after it in this order, the latest first. */
  async find(filter: AuditFilter, count: number, before?: bigint): Promise<AuditEntry[]> {
    const rows = await this.database.metrics
      .select()
      .from(auditLog)
      .where(and(...conditionsOf(filter), before === undefined ? undefined : olderThan(before)))
      .orderBy(desc(auditLog.recordedAt), desc(auditLog.id))
      .limit(count);
    return rows.map(({ id, ...row }) => ({ id: id.toString(), ...row }));
  }
}

function conditionsOf(filter: AuditFilter): (SQL | undefined)[] {
  const { userId, deviceId, keyId, requestId, receiptId, operation, code, from, until } = filter;
  const unlessNull = <Value>(
    value: Value | null | undefined,
    condition: (value: Value) => unknown,
  ) => (value == null ? undefined : (condition(value) as SQL));
  return [
    unlessNull(userId, (user) => or(eq(auditLog.userId, user), eq(auditLog.subjectId, user))),
    unlessNull(deviceId, (device) => eq(auditLog.deviceId, device)),
    unlessNull(keyId, (key) => eq(auditLog.keyId, key)),
    unlessNull(requestId, (request) => eq(auditLog.requestId, request)),
    unlessNull(receiptId, (receipt) => eq(auditLog.receiptId, receipt)),
    unlessNull(operation, (name) => eq(auditLog.operation, name)),
    unlessNull(code, (name) =>
      name === "failure" ? isNotNull(auditLog.code) : eq(auditLog.code, name),
    ),
    unlessNull(from, (time) => gte(auditLog.recordedAt, time)),
    unlessNull(until, (time) => lt(auditLog.recordedAt, time)),
  ];
}

function olderThan(id: bigint): SQL {
  const { recordedAt } = auditLog;
  const place = sql`select ${recordedAt}, ${auditLog.id} from ${auditLog} where ${auditLog.id} = ${id.toString()}`;
  return sql`(${recordedAt}, ${auditLog.id}) < (${place})`;
}
