import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export interface PostgresServer {
  readonly url: string;
  /** The folder that the server's user may write to. */
  readonly folder: string;
  /** Ends all sessions (`fast`), or is cut off and recovers (`immediate`); resolves when it answers. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  stop(): void;
}

/** Debian's PostgreSQL in a temporary folder, on a free port of 127.0.0.1; installed if missing. */
export async function startPostgres(): Promise<PostgresServer> {
  const binaries = findBinaries() ?? install();
  const folder = mkdtempSync(path.join(tmpdir(), "kms-envelope-postgres-"));
  const data = path.join(folder, "data");
  const port = await freePort();
  asServerUser(folder, [
    path.join(binaries, "initdb"),
    "--auth=trust",
    "--username=test",
    "--no-sync",
    "-D",
    data,
  ]);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 -c fsync=off`;
  const control = [path.join(binaries, "pg_ctl"), "-D", data, "-w", "-s"];
  asServerUser(folder, [...control, "-l", path.join(folder, "log"), "-o", settings, "start"]);
  return {
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    folder,
    restart: async (mode) => {
      const [program, ...rest] = byServerUser([
        ...control,
        "-l",
        path.join(folder, "log"),
        "-m",
        mode,
        "-o",
        settings,
        "restart",
      ]);
      const child = spawn(program!, rest, { cwd: folder, stdio: "ignore" });
      const [code] = await once(child, "exit");
      if (code !== 0) throw new Error(`the restart failed with ${code}`);
    },
    stop: () => {
      asServerUser(folder, [...control, "-m", "immediate", "stop"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findBinaries(): string | undefined {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => path.join(root, version, "bin"))
    .find((folder) => existsSync(path.join(folder, "initdb")));
}

function install(): string {
  const options = {
    stdio: "inherit",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  } as const;
  execFileSync("apt-get", ["update", "-qq"], options);
  execFileSync("apt-get", ["install", "-y", "-qq", "postgresql"], options);
  const found = findBinaries();
  if (!found) throw new Error("install PostgreSQL (the Debian package postgresql), then try again");
  return found;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function byServerUser(command: string[]): string[] {
  return isRoot() ? ["runuser", "-u", "postgres", "--", ...command] : command;
}

/** PostgreSQL refuses to run as root. */
function asServerUser(folder: string, command: string[]): void {
  if (isRoot()) {
    chmodSync(folder, 0o755);
    execFileSync("chown", ["postgres", folder]);
  }
  const [program, ...rest] = byServerUser(command);
  const { status, stderr } = spawnSync(program!, rest, {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`${command[0]} failed: ${stderr ?? ""}`);
}

/**
 * Returns a port on which nobody listens, drawn at random from those below the ones that systems give to
 * outgoing connections: such a connection could take it before the server listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
