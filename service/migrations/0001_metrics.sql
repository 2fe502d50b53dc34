CREATE TABLE "operation_metrics" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "operation_metrics_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"recorded_at" timestamp with time zone NOT NULL,
	"operation" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text,
	"duration_ms" double precision NOT NULL,
	"key_id" text,
	"device_id" text,
	"user_id" text
);
--> statement-breakpoint
CREATE INDEX "operation_metrics_time" ON "operation_metrics" USING btree ("recorded_at");--> statement-breakpoint
CREATE INDEX "operation_metrics_decrypts" ON "operation_metrics" USING btree ("key_id","recorded_at") WHERE "operation_metrics"."operation" = 'decrypt' and "operation_metrics"."key_id" is not null;