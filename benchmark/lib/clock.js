'use strict';

const fs = require('node:fs');

const SCHEDULER = '/proc/thread-self/schedstat';
const hasScheduler = fs.existsSync(SCHEDULER);

/**
 * Starts a clock; what it returns tells how many nanoseconds have passed since, less those for
 * which this thread was ready to run while other programs had the processors.
 *
 * @returns {() => number}
 */
function startClock() {
  const started = now();
  return () => {
    const { time, waited } = now();
    return time - started.time - (waited - started.waited);
  };
}

/** Returns the time, and how long this thread has waited for a processor by then. */
function now() {
  for (;;) {
    const waited = waitedForProcessor();
    const time = Number(process.hrtime.bigint());
    // If it had to wait in between, the two do not belong together.
    if (waitedForProcessor() === waited) return { time, waited };
  }
}

function waitedForProcessor() {
  const [, waited] = scheduled();
  return waited;
}

/** What processes beside this one ran and waited, that measured for it. */
const others = [0, 0];

/** @param {number[]} scheduled what such a process tells of itself */
function countScheduled([ran, waited]) {
  others[0] += ran;
  others[1] += waited;
}

/** For which part of the time that who measured could have run, others had the processors. */
function waitedPart() {
  const [ran, waited] = scheduled().map((count, i) => count + others[i]);
  return waited / (ran + waited || 1);
}

/** For how many nanoseconds this thread has run, and for how many it has waited to run. */
function scheduled() {
  if (!hasScheduler) return [0, 0];
  return fs.readFileSync(SCHEDULER, 'utf8').split(' ', 2).map(Number);
}

module.exports = { countScheduled, scheduled, startClock, waitedPart };
