import { fileURLToPath } from "node:url";

/** The folder of committed migrations, seen from dist/src/database. */
export const MIGRATIONS = fileURLToPath(new URL("../../../migrations", import.meta.url));

/** The advisory lock under which one instance migrates while the others wait. */
export const MIGRATION_LOCK = 7_205_001;
