ALTER TABLE "audit_log" ADD COLUMN "receipt_id" text;--> statement-breakpoint
CREATE INDEX "audit_log_receipt" ON "audit_log" USING btree ("receipt_id") WHERE "audit_log"."receipt_id" is not null;