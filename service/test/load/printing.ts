import type { MemoryReport } from "./memory.js";
import type { PhaseReport } from "./phase.js";

/** Prints what clients saw in a phase. */
export function printPhase(title: string, phase: PhaseReport): void {
  const rate = (phase.requests / phase.seconds).toFixed(1);
  console.log(`${title}: ${phase.requests} requests in ${phase.seconds.toFixed(1)} s, ${rate}/s`);
  console.table({ ...phase.byOperation, all: phase.all });
  console.log("  failures:", Object.keys(phase.failures).length > 0 ? phase.failures : "none");
}

export function printMemory(title: string, { first, last, most }: MemoryReport): void {
  console.log(`${title}: ${first} MiB at first, ${last} at last, ${most} at most`);
}
