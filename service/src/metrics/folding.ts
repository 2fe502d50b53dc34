import { MINUTE } from "../common/durations.js";
import type { AuditRow } from "./metric-entry.js";

/** Tells which rows of a user are too many in a minute, so that whoever sends very much cannot fill the disk. */
export class Folding {
  private minute = 0;
  private readonly rowsOf = new Map<string, number>();

  constructor(private readonly mostInMinute: number) {}

  /** Whether this row is to stand for others, too, rather than alone. */
  isTooMuch({ userId, recordedAt }: Pick<AuditRow, "userId" | "recordedAt">): boolean {
    const minute = Math.floor(recordedAt.getTime() / MINUTE);
    if (minute !== this.minute) {
      this.minute = minute;
      this.rowsOf.clear();
    }
    const rows = (this.rowsOf.get(userId ?? "") ?? 0) + 1;
    this.rowsOf.set(userId ?? "", rows);
    return rows > this.mostInMinute;
  }
}

/** What rows that stand for others have in common with these. */
export function likenessOf({
  userId,
  subjectId,
  operation,
  code,
  keyId,
  deviceId,
}: AuditRow): string {
  return JSON.stringify([userId, subjectId, operation, code, keyId, deviceId]);
}
