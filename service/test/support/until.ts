import { setTimeout as delay } from "node:timers/promises";

/** Against a hang alone; the circuit of KMS stays open for 30 seconds. */
const DEADLINE_MS = 90_000;

/** Waits until something holds. @returns how many milliseconds that took. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<number> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > DEADLINE_MS) throw new Error(`${what} does not come`);
    await delay(20);
  }
  return Math.round(performance.now() - begun);
}
