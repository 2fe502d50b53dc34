import type { Due } from "../common/due.js";

/** So few may always be removed: a share of a small table says nothing. */
export const ALWAYS = { keys: 100, metrics: 10_000 };

/** How much is left as it is: all, if that is more than a run may remove by itself. */
export function heldBackOf(due: Due, percent: number, always: number): number {
  return isTooMuch(due, percent, always) ? due.due : 0;
}

/**
 * Whether more is due than a run may remove by itself. On a usual day about one in a hundred is; a
 * wrong clock or a wrong setting makes it most of them.
 */
function isTooMuch({ due, total }: Due, percent: number, always: number): boolean {
  return due > Math.max(always, (total * percent) / 100);
}
