import { defineConfig } from "drizzle-kit";

// `npm run migrations` writes a migration for what changed in the schema; commit it.
export default defineConfig({
  dialect: "postgresql",
  schema: "./dist/src/database/schema/*.js",
  out: "./migrations",
});
