import { Injectable } from "@nestjs/common";
import { Database } from "../database/database.js";
import { lockNumber } from "../database/locks.js";

/** Lets one job of a name run at a time, among all instances. */
@Injectable()
export class JobLock {
  private readonly running = new Set<string>();

  constructor(private readonly database: Database) {}

  /**
   * Does the work unless it is being done. The lock belongs to a database session, so that it ends
   * with an instance that is killed.
   *
   * @param work is told by a signal when the lock was lost, since then another instance may begin.
   * @returns undefined if it is being done already.
   */
  async run<Result>(
    job: string,
    work: (lost: AbortSignal) => Promise<Result>,
  ): Promise<Result | undefined> {
    // A session gets its own lock twice, and PGlite has but one.
    if (this.running.has(job)) return undefined;
    this.running.add(job);
    try {
      const session = await this.database.session();
      try {
        const number = lockNumber(`job:${job}`).toString();
        const query = "SELECT pg_try_advisory_lock($1::bigint) AS taken";
        const { rows } = await session.query(query, [number]);
        if (!rows[0]?.taken) return undefined;
        try {
          return await work(session.lost);
        } finally {
          // If the session is lost, so is the lock.
          await session.query("SELECT pg_advisory_unlock($1::bigint)", [number]).catch(() => {});
        }
      } finally {
        await session.release();
      }
    } finally {
      this.running.delete(job);
    }
  }
}
