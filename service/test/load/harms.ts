import { setTimeout as delay } from "node:timers/promises";
import type { Fleet } from "../support/fleet.js";

/** What is taken away, and given back, when it resolves. */
export const HARMS: readonly [title: string, (fleet: Fleet) => Promise<void>][] = [
  ["PostgreSQL restarts", (fleet) => restart(fleet, "fast")],
  ["PostgreSQL crashes", (fleet) => restart(fleet, "immediate")],
  ["all connections of the service are ended", endConnections],
  ["KMS is away for 10 seconds", (fleet) => withoutKms(fleet, "away")],
  ["KMS hangs for 10 seconds", (fleet) => withoutKms(fleet, "hanging")],
  ["an instance is killed, and started again", (fleet) => end(fleet, 0, "SIGKILL")],
  ["an instance is told to end, and started again", (fleet) => end(fleet, 1, "SIGTERM")],
];

async function restart(fleet: Fleet, mode: "fast" | "immediate"): Promise<void> {
  await fleet.server.restart(mode);
  await fleet.connect();
}

async function endConnections({ client }: Fleet): Promise<void> {
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kms-envelope-service'",
  );
}

async function withoutKms({ kms }: Fleet, how: "away" | "hanging"): Promise<void> {
  kms[how] = true;
  await delay(10_000);
  kms[how] = false;
}

async function end(fleet: Fleet, place: number, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  await fleet.instances[place]!.kill(signal);
  await fleet.startAgain(place);
}
