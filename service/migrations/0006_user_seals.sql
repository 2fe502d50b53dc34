CREATE TABLE "user_seals" (
	"user_id" text PRIMARY KEY NOT NULL,
	"passcode_revision" integer NOT NULL,
	"pin_revision" integer NOT NULL,
	"members" integer NOT NULL,
	"mac" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "revision" integer DEFAULT 0 NOT NULL;