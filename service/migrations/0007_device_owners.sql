ALTER TABLE "devices" ADD COLUMN "revoked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "released_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "devices_user" ON "devices" USING btree ("user_id");