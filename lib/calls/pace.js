'use strict';

// Taken when the package is loaded, as tests stop the clock. `node:perf_hooks` takes a millisecond to load.
const { hrtime } = process;

const MIB = 1024 * 1024;

/** A MiB with its header and frames, in either direction. */
const FIRST_SLICE = 1.25 * MIB;
const MIN_SLICE = FIRST_SLICE / 4;
const MAX_SLICE = 8 * FIRST_SLICE;

/** After a call that took less, in milliseconds, the slice is doubled. */
const TOO_SHORT_MS = 0.6;
/** After a call that took more, it is halved. */
const TOO_LONG_MS = 2;

/**
 * Tells how much of a large input to give to one call of the addon, so that the event loop turns about
 * every millisecond: less where each byte is signed, more where other cores help.
 *
 * Fresh memory comes in pages of 2 MiB: cores that begin in the same page each clear it, so that small
 * slices cost more than their turns.
 */
class Pace {
  /** The length of the next slice, in bytes. */
  slice = FIRST_SLICE;

  /**
   * Returns what a call on one slice returns, and sets the length of the next slice by the time it took.
   *
   * @template T
   * @param {() => T} call
   */
  time(call) {
    const began = hrtime.bigint();
    const answer = call();
    const took = Number(hrtime.bigint() - began) / 1e6;
    if (took < TOO_SHORT_MS) this.slice = Math.min(this.slice * 2, MAX_SLICE);
    else if (took > TOO_LONG_MS) this.slice = Math.max(this.slice / 2, MIN_SLICE);
    return answer;
  }
}

module.exports = { Pace };
