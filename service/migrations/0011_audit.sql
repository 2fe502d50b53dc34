ALTER TABLE "audit_log" ADD COLUMN "subject_id" text;--> statement-breakpoint
CREATE INDEX "audit_log_subject" ON "audit_log" USING btree ("subject_id","recorded_at") WHERE "audit_log"."subject_id" is not null;--> statement-breakpoint
CREATE INDEX "audit_log_request" ON "audit_log" USING btree ("request_id") WHERE "audit_log"."request_id" is not null;