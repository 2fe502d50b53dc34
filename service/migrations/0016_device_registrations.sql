CREATE TABLE "device_registrations" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"registered_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "device_registrations_user" ON "device_registrations" USING btree ("user_id","registered_at");--> statement-breakpoint
CREATE INDEX "device_registrations_time" ON "device_registrations" USING btree ("registered_at");