import type { Client } from "pg";

/** Each row of a table takes its time, so that there is a moment amid many. */
export async function slowDown(
  client: Client,
  { table, event, seconds }: { table: string; event: "UPDATE" | "DELETE"; seconds: number },
): Promise<void> {
  await client.query(`CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(${seconds}); RETURN coalesce(NEW, OLD); END $$`);
  await client.query(
    `CREATE TRIGGER slowly BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION slowly()`,
  );
}
