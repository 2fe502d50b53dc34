import pg from "pg";

const DAYS = 90;
/** Their codes are none: an instance looks at the latest rows when it starts, which these must not be. */
const PAST = `now() - interval '${DAYS} days'`;

export interface Amount {
  /** How many operations are recorded. */
  readonly rows: number;
  readonly devices: number;
}

/**
 * Writes what the same number of requests would have written, within 90 days: rows, and their sums.
 * Nobody may be at work on the database.
 */
export async function fill(url: string, { rows, devices }: Amount): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const run = async (title: string, statement: string) => {
    const begun = performance.now();
    const { rowCount } = await client.query(statement);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    console.log(`${title}: ${rowCount} rows in ${seconds} s`);
  };
  await run(
    "devices",
    `INSERT INTO devices SELECT 'device-' || n, 'user-' || n, '1', ${PAST}, '' FROM generate_series(1, ${devices}) n`,
  );
  await run(
    "keys",
    `INSERT INTO client_keys (id, device_id, user_id, algorithm, bits, public_key, state, created_at, expires_at, mac)
     SELECT '00000000-key-' || n || '-' || k, 'device-' || n, 'user-' || n, 'RSA-OAEP-256', 2048, repeat('p', 450),
       CASE k WHEN 1 THEN 'active' ELSE 'decrypt-only' END, ${PAST}, ${PAST}, ''
     FROM generate_series(1, ${devices}) n, generate_series(1, 4) k`,
  );
  // Building them at the end is much faster than keeping them.
  const { rows: indexes } = await client.query<{ indexname: string; indexdef: string }>(
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'audit_log' AND indexname <> 'audit_log_pkey'",
  );
  for (const { indexname } of indexes) await client.query(`DROP INDEX ${indexname}`);
  await run(
    "audit log",
    `INSERT INTO audit_log (recorded_at, request_id, operation, outcome, code, duration_ms, key_id, device_id, user_id)
     SELECT at, 'f3b4c1de-0000-4000-8000-' || lpad(n::text, 12, '0'), operation,
       CASE WHEN code IS NULL THEN 'success' ELSE 'failure' END, code,
       exp(ln(usual) + (random() + random() + random() - 1.5)), '00000000-key-' || device || '-1', 'device-' || device, 'user-' || device
     FROM (SELECT n, now() - (n / ${rows}::float8) * interval '${DAYS} days' AS at,
         (ARRAY['decrypt','decrypt','decrypt','verify','verify','verify','generate','rotate','encrypt','set'])[1 + n % 10] AS operation,
         (ARRAY[2.4,2.4,2.4,45,45,45,90,110,15,60])[1 + n % 10]::float8 AS usual,
         CASE WHEN random() < 0.03 THEN (ARRAY['WRONG_SECRET','PAYLOAD_INVALID','PAYLOAD_EXPIRED','KMS_UNAVAILABLE','KEY_LIMIT_REACHED'])[1 + (random() * 4)::int] END AS code,
         1 + (random() * ${devices - 1})::int AS device
       FROM generate_series(1, ${rows}) n) AS made`,
  );
  const step = `FROM audit_log, unnest(ARRAY[1, 5, 60, 1440]::smallint[]) AS step
       WHERE step >= 60 OR recorded_at > now() - interval '3 days'`;
  const at = "to_timestamp(floor(extract(epoch FROM recorded_at) / (step * 60)) * (step * 60))";
  await run(
    "counts",
    `INSERT INTO metric_counts SELECT step, ${at}, operation, coalesce(code, ''), count(*) ${step} GROUP BY 1, 2, 3, 4`,
  );
  await run(
    "durations",
    `INSERT INTO metric_durations SELECT step, at, operation, jsonb_object_agg(bucket, count) FROM (
       SELECT step, ${at} AS at, operation, ceil(ln(duration_ms) / ln(1.1::float8))::smallint AS bucket, count(*)
       ${step} GROUP BY 1, 2, 3, 4) AS buckets GROUP BY 1, 2, 3`,
  );
  await run(
    "key usage",
    `INSERT INTO key_usage SELECT key_id, max(device_id), max(user_id), count(*), 0, max(recorded_at), max(recorded_at)
     FROM audit_log GROUP BY key_id`,
  );
  await run(
    "key hours",
    `INSERT INTO key_hours SELECT key_id, date_trunc('hour', recorded_at), max(device_id),
       count(*) FILTER (WHERE code IS NULL), count(*) FILTER (WHERE code IS NOT NULL), max(recorded_at) FILTER (WHERE code IS NOT NULL)
     FROM audit_log WHERE operation = 'decrypt' AND recorded_at > now() - interval '8 days' GROUP BY 1, 2`,
  );
  for (const { indexdef } of indexes) await client.query(indexdef);
  // As autovacuum does in time.
  await run("vacuum", "VACUUM ANALYZE");
  await client.end();
}
