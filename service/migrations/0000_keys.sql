CREATE TABLE "credentials" (
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"hash" text,
	"pepper_id" text,
	"failures" integer NOT NULL,
	"not_before" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	"mac" text NOT NULL,
	CONSTRAINT "credentials_user_id_kind_pk" PRIMARY KEY("user_id","kind")
);
--> statement-breakpoint
CREATE TABLE "used_payloads" (
	"id" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "job_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"job" text NOT NULL,
	"day" text NOT NULL,
	"trigger" text NOT NULL,
	"instance" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"result" jsonb,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "client_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"user_id" text NOT NULL,
	"algorithm" text NOT NULL,
	"bits" integer NOT NULL,
	"public_key" text NOT NULL,
	"private_key" "bytea",
	"state" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"retired_at" timestamp with time zone,
	"destroyed_at" timestamp with time zone,
	"mac" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"app_version" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"mac" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "key_generations" (
	"id" text PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"user_id" text NOT NULL,
	"address" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"key_id" text
);
--> statement-breakpoint
CREATE TABLE "service_secrets" (
	"id" text PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"message" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "service_secrets_purpose_unique" UNIQUE("purpose")
);
--> statement-breakpoint
ALTER TABLE "client_keys" ADD CONSTRAINT "client_keys_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "used_payloads_expiry" ON "used_payloads" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "job_runs_one_a_day" ON "job_runs" USING btree ("job","day") WHERE "job_runs"."trigger" = 'schedule';--> statement-breakpoint
CREATE UNIQUE INDEX "client_keys_one_active" ON "client_keys" USING btree ("device_id") WHERE "client_keys"."state" = 'active';--> statement-breakpoint
CREATE INDEX "client_keys_expiry" ON "client_keys" USING btree ("state","expires_at");--> statement-breakpoint
CREATE INDEX "client_keys_retirement" ON "client_keys" USING btree ("state","retired_at");--> statement-breakpoint
CREATE INDEX "key_generations_device" ON "key_generations" USING btree ("device_id","requested_at");--> statement-breakpoint
CREATE INDEX "key_generations_user" ON "key_generations" USING btree ("user_id","requested_at");--> statement-breakpoint
CREATE INDEX "key_generations_address" ON "key_generations" USING btree ("address","requested_at");--> statement-breakpoint
CREATE INDEX "key_generations_time" ON "key_generations" USING btree ("requested_at");