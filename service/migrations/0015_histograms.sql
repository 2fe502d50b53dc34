CREATE TABLE "histograms" (
	"step" smallint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"operation" text NOT NULL,
	"counts" jsonb NOT NULL
);
--> statement-breakpoint
INSERT INTO "metric_counts"
SELECT 5, to_timestamp(floor(extract(epoch FROM "at") / 300) * 300), "operation", "code", sum("count")
FROM "metric_counts" WHERE "step" = 1 GROUP BY 2, 3, 4;
--> statement-breakpoint
INSERT INTO "metric_durations"
SELECT 5, to_timestamp(floor(extract(epoch FROM "at") / 300) * 300), "operation", "bucket", sum("count")
FROM "metric_durations" WHERE "step" = 1 GROUP BY 2, 3, 4;
--> statement-breakpoint
INSERT INTO "histograms"
SELECT "step", "at", "operation", jsonb_object_agg("bucket", "count") FROM "metric_durations" GROUP BY 1, 2, 3;
--> statement-breakpoint
DROP TABLE "metric_durations";
--> statement-breakpoint
ALTER TABLE "histograms" RENAME TO "metric_durations";
--> statement-breakpoint
ALTER TABLE "metric_durations" ADD CONSTRAINT "metric_durations_step_at_operation_pk" PRIMARY KEY("step","at","operation");
