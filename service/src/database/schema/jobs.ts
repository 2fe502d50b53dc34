import { jsonb, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

/** The runs of the daily task; of the scheduled ones there is one a day. */
export const jobRuns = pgTable(
  "job_runs",
  {
    id: text().primaryKey(),
    job: text().notNull(),
    day: text().notNull(),
    trigger: text({ enum: ["schedule", "hand"] }).notNull(),
    instance: text().notNull(),
    startedAt: time("started_at").notNull(),
    finishedAt: time("finished_at"),
    result: jsonb().$type<Record<string, unknown>>(),
    error: text(),
  },
  (table) => [
    uniqueIndex("job_runs_one_a_day")
      .on(table.job, table.day)
      .where(sql`${table.trigger} = 'schedule'`),
  ],
);
