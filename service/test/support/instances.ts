import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./instance.js", import.meta.url));

/** An instance that may not listen yet. */
export interface LaunchedInstance {
  /** What it logged, a parsed line each. */
  readonly lines: Record<string, unknown>[];
  /** What it printed for people. */
  readonly printed: string[];
  /** Its address, once it listens. */
  readonly listening: Promise<string>;
  /** Null while it runs. */
  exitCode(): number | null;
  /** Lets its clock jump ahead by TEST_CLOCK_JUMP_MS. */
  jumpClock(): void;
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
}

export interface Instance extends LaunchedInstance {
  readonly url: string;
}

/** Starts the service as a process of its own. */
export async function startInstance(
  environment: Record<string, string>,
  program = PROGRAM,
): Promise<Instance> {
  const launched = launchInstance(environment, program);
  return { ...launched, url: await launched.listening };
}

/** As `startInstance`, for whoever ends it before it listens. */
export function launchInstance(
  environment: Record<string, string>,
  program = PROGRAM,
): LaunchedInstance {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Record<string, unknown>[] = [];
  const printed: string[] = [];
  const listening = untilListening(child, lines, printed);
  listening.catch(() => {});
  return {
    lines,
    printed,
    listening,
    exitCode: () => child.exitCode ?? (child.signalCode === null ? null : -1),
    jumpClock: () => void child.kill("SIGUSR2"),
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = await once(child, "exit");
      return code;
    },
  };
}

function untilListening(
  child: ChildProcess,
  lines: Record<string, unknown>[],
  printed: string[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (text) => {
      if (!text.startsWith("{")) return printed.push(text);
      const line = JSON.parse(text) as Record<string, unknown>;
      lines.push(line);
      return line.msg === "listening" && resolve(String(line.url));
    });
    child.once("exit", (code) => reject(new Error(`the instance ended with ${code}`)));
  });
}
