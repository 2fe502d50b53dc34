import { closeSync, mkdirSync, openSync } from "node:fs";
import { tryLock } from "fs-native-extensions";

/** Keeps a folder for this process. The operating system gives it up when the process ends. */
export class FolderLock {
  private constructor(private readonly descriptor: number) {}

  /** @throws {Error} if another process has it. */
  static take(folder: string): FolderLock {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const descriptor = openSync(`${folder}.lock`, "a+", 0o600);
    if (tryLock(descriptor)) return new FolderLock(descriptor);
    closeSync(descriptor);
    throw new Error(
      `another process has the database in ${folder} open, and two would lose rows: ` +
        "end it, or give both one PostgreSQL server with DATABASE_URL",
    );
  }

  release(): void {
    closeSync(this.descriptor);
  }
}
