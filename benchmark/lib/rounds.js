'use strict';

const { setTimeout: pause } = require('node:timers/promises');

const { median, quantile } = require('simple-statistics');

const { startClock } = require('./clock');

/** How long one sample of a fast operation lasts at least, unless the caller says otherwise. */
const SAMPLE_NS = 20e6;
/** How long the memory of what was collected takes to be freed, at most. */
const FREED_MS = 10;
/** A ratio is settled when the middle half of its rounds lies this close together. */
const SETTLED = 0.1;

const FULL = { rounds: 15, mostRounds: 61, budgetMs: 20_000 };
const QUICK = { rounds: 5, mostRounds: 0, budgetMs: 0 };

/**
 * Measures sides in turn, round by round, so that whatever else the machine does falls on all of
 * them. Rounds are added until the ratio of each side to the first is settled, or time is up.
 *
 * @param {Record<string, Side>} sides
 * @param {{ quick?: boolean, rounds?: number, mostRounds?: number, budgetMs?: number, sampleNs?: number }} [options]
 * @returns {Promise<Record<string, Measured>>} nanoseconds of one operation
 *
 * @typedef {{ sample(count: number): Promise<number> | number, single?: boolean }} Side
 *   `sample` does so many operations, and returns how many nanoseconds that took; a `single` side
 *   is slow, and does one each time
 * @typedef {{ median: number, low: number, high: number, values: number[] }} Measured
 *   `low` and `high` are quartiles; `values` has one of each round, so that those of two sides can
 *   be compared round by round
 */
async function inRounds(sides, { quick = false, ...changed } = {}) {
  const {
    rounds,
    mostRounds,
    budgetMs,
    sampleNs = SAMPLE_NS,
  } = {
    ...(quick ? QUICK : FULL),
    ...changed,
  };
  const names = Object.keys(sides);
  const counts = new Map();
  for (const name of names) counts.set(name, await calibrate(sides[name], sampleNs));

  const values = Object.fromEntries(names.map((name) => [name, []]));
  const until = Date.now() + budgetMs;
  for (let round = 0; round < rounds || round < mostRounds; round++) {
    if (round >= rounds && (settled(values) || Date.now() > until)) break;
    // Each round begins with another side: none always follows the same one.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      await collectGarbage();
      values[name].push((await sides[name].sample(counts.get(name))) / counts.get(name));
    }
  }
  return Object.fromEntries(names.map((name) => [name, summary(values[name])]));
}

/** What one side left behind is gone before the next begins: buffers are freed by another thread. */
async function collectGarbage() {
  global.gc?.();
  await pause(FREED_MS);
}

/** Returns what the same sides took when they were measured several times. */
function together(all) {
  return Object.fromEntries(
    Object.keys(all[0]).map((name) => [name, summary(all.flatMap((each) => each[name].values))]),
  );
}

/** Returns how many operations make a sample that is long enough; and the warm-up. */
async function calibrate({ sample, single }, sampleNs) {
  if (single) return 1;
  let count = 1;
  for (;;) {
    const elapsed = await sample(count);
    if (elapsed >= sampleNs) return count;
    count *= Math.min(10, Math.max(2, Math.ceil((1.2 * sampleNs) / elapsed)));
  }
}

/** Returns whether the ratio of each side to the first has come to rest. */
function settled(values) {
  const [first] = Object.values(values);
  return Object.values(values).every((side) => {
    const ratios = side.map((value, round) => value / first[round]);
    return quantile(ratios, 0.75) - quantile(ratios, 0.25) <= SETTLED * median(ratios);
  });
}

function summary(values) {
  const [low, high] = [0.25, 0.75].map((part) => quantile(values, part));
  return { median: median(values), low, high, values };
}

/** Returns a side that does a synchronous operation again and again. */
function synchronous(operation) {
  return {
    sample(count) {
      const elapsed = startClock();
      for (let i = 0; i < count; i++) operation();
      return elapsed();
    },
  };
}

/** Returns a side that awaits one operation after another. */
function sequential(operation) {
  return inFlight(operation, 1);
}

/** Returns a side that keeps so many operations in flight. */
function inFlight(operation, width) {
  return {
    async sample(count) {
      let left = count;
      const one = async () => {
        while (left-- > 0) await operation();
      };
      const elapsed = startClock();
      await Promise.all(Array.from({ length: Math.min(width, count) }, one));
      return elapsed();
    },
  };
}

module.exports = { inFlight, inRounds, sequential, synchronous, together };
