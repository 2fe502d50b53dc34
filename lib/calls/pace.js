'use strict';

// Taken when the package is loaded, as tests stop the clock. `node:perf_hooks` takes a millisecond to load.
const { hrtime } = process;

const MIB = 1024 * 1024;

/** A MiB with its header and frames, in either direction. */
const FIRST = 1.25 * MIB;
const LEAST = FIRST / 4;
const MOST = 8 * FIRST;

/** Under this, in ms, a call may do twice as much. */
const BRIEF = 0.6;
/** Over this, in ms, it does half as much. */
const LONG = 2;

/**
 * How much of a large input one call of the addon is given, so that the event loop turns about every
 * millisecond: less where each byte is signed, more where other cores help.
 *
 * Fresh memory comes in pages of 2 MiB: cores that begin in the same page each clear it, so that small
 * slices cost more than their turns.
 */
class Pace {
  /** In bytes. */
  slice = FIRST;

  /**
   * Makes a call that was given a slice.
   *
   * @template T
   * @param {() => T} call
   */
  time(call) {
    const began = hrtime.bigint();
    const answer = call();
    const took = Number(hrtime.bigint() - began) / 1e6;
    if (took < BRIEF) this.slice = Math.min(this.slice * 2, MOST);
    else if (took > LONG) this.slice = Math.max(this.slice / 2, LEAST);
    return answer;
  }
}

module.exports = { Pace };
