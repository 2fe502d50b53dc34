ALTER TABLE "operation_metrics" RENAME TO "audit_log";
--> statement-breakpoint
ALTER SEQUENCE "operation_metrics_id_seq" RENAME TO "audit_log_id_seq";
--> statement-breakpoint
ALTER INDEX "operation_metrics_pkey" RENAME TO "audit_log_pkey";
--> statement-breakpoint
ALTER INDEX "operation_metrics_time" RENAME TO "audit_log_time";
--> statement-breakpoint
DROP INDEX "operation_metrics_decrypts";
--> statement-breakpoint
ALTER TABLE "audit_log" RENAME COLUMN "reason" TO "code";
--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "request_id" text;
--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "times" integer DEFAULT 1 NOT NULL;
--> statement-breakpoint
CREATE TABLE "key_hours" (
	"key_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"device_id" text NOT NULL,
	"usage_count" integer NOT NULL,
	"failure_count" integer NOT NULL,
	"last_failure_at" timestamp with time zone,
	CONSTRAINT "key_hours_key_id_at_pk" PRIMARY KEY("key_id","at")
);
--> statement-breakpoint
CREATE TABLE "key_usage" (
	"key_id" text PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"user_id" text NOT NULL,
	"usage_count" bigint NOT NULL,
	"failure_count" bigint NOT NULL,
	"last_used" timestamp with time zone,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "metric_counts" (
	"step" smallint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"operation" text NOT NULL,
	"code" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "metric_counts_step_at_operation_code_pk" PRIMARY KEY("step","at","operation","code")
);
--> statement-breakpoint
CREATE TABLE "metric_durations" (
	"step" smallint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"operation" text NOT NULL,
	"bucket" smallint NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "metric_durations_step_at_operation_bucket_pk" PRIMARY KEY("step","at","operation","bucket")
);
--> statement-breakpoint
CREATE INDEX "audit_log_key" ON "audit_log" USING btree ("key_id","recorded_at") WHERE "audit_log"."key_id" is not null;
--> statement-breakpoint
CREATE INDEX "audit_log_device" ON "audit_log" USING btree ("device_id","recorded_at") WHERE "audit_log"."device_id" is not null;
--> statement-breakpoint
CREATE INDEX "audit_log_user" ON "audit_log" USING btree ("user_id","recorded_at");
--> statement-breakpoint
CREATE INDEX "audit_log_code" ON "audit_log" USING btree ("code","recorded_at") WHERE "audit_log"."code" is not null;
--> statement-breakpoint
CREATE INDEX "audit_log_operation" ON "audit_log" USING btree ("operation","recorded_at");
--> statement-breakpoint
CREATE INDEX "key_hours_device" ON "key_hours" USING btree ("device_id","at");
--> statement-breakpoint
CREATE INDEX "key_hours_time" ON "key_hours" USING btree ("at");
--> statement-breakpoint
CREATE INDEX "key_hours_failures" ON "key_hours" USING btree ("at") WHERE "key_hours"."failure_count" > 0;
--> statement-breakpoint
CREATE INDEX "key_usage_device" ON "key_usage" USING btree ("device_id");
--> statement-breakpoint
CREATE INDEX "key_usage_user" ON "key_usage" USING btree ("user_id");
--> statement-breakpoint
CREATE INDEX "key_usage_seen" ON "key_usage" USING btree ("seen_at","device_id");
--> statement-breakpoint
INSERT INTO "metric_counts"
SELECT "step", to_timestamp(floor(extract(epoch FROM "recorded_at") / ("step" * 60)) * ("step" * 60)), "operation", coalesce("code", ''), count(*)
FROM "audit_log", unnest(ARRAY[1, 60, 1440]::smallint[]) AS "step"
GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
INSERT INTO "metric_durations"
SELECT "step", to_timestamp(floor(extract(epoch FROM "recorded_at") / ("step" * 60)) * ("step" * 60)), "operation",
  least(greatest(ceil(ln(greatest("duration_ms", 0.0001)) / ln(1.1::float8)), -48), 170)::smallint, count(*)
FROM "audit_log", unnest(ARRAY[1, 60, 1440]::smallint[]) AS "step"
GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
INSERT INTO "key_usage"
SELECT "key_id", max("device_id"), max("user_id"),
  count(*) FILTER (WHERE "operation" = 'decrypt' AND "code" IS NULL),
  count(*) FILTER (WHERE "operation" = 'decrypt' AND "code" NOT IN ('KMS_UNAVAILABLE', 'DATABASE_UNAVAILABLE')),
  max("recorded_at") FILTER (WHERE "operation" = 'decrypt' AND "code" IS NULL),
  max("recorded_at")
FROM "audit_log"
WHERE "key_id" IS NOT NULL AND "device_id" IS NOT NULL AND "user_id" IS NOT NULL
GROUP BY "key_id";
--> statement-breakpoint
INSERT INTO "key_hours"
SELECT "key_id", date_trunc('hour', "recorded_at"), max("device_id"),
  count(*) FILTER (WHERE "code" IS NULL), count(*) FILTER (WHERE "code" IS NOT NULL),
  max("recorded_at") FILTER (WHERE "code" IS NOT NULL)
FROM "audit_log"
WHERE "key_id" IS NOT NULL AND "device_id" IS NOT NULL AND "operation" = 'decrypt'
  AND coalesce("code", '') NOT IN ('KMS_UNAVAILABLE', 'DATABASE_UNAVAILABLE')
  AND "recorded_at" > now() - interval '8 days'
GROUP BY 1, 2;
--> statement-breakpoint
CREATE FUNCTION "keep_audit_log"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('kms_service.audit_retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'rows of audit_log are added, and never changed';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "audit_log_rows_stay" BEFORE UPDATE OR DELETE ON "audit_log" FOR EACH ROW EXECUTE FUNCTION "keep_audit_log"();
--> statement-breakpoint
CREATE TRIGGER "audit_log_stays" BEFORE TRUNCATE ON "audit_log" FOR EACH STATEMENT EXECUTE FUNCTION "keep_audit_log"();
