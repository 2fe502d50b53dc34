ALTER TABLE "service_secrets" DROP CONSTRAINT "service_secrets_purpose_unique";--> statement-breakpoint
ALTER TABLE "service_secrets" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "service_secrets" ADD CONSTRAINT "service_secrets_version" UNIQUE("purpose","version");