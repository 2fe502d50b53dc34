'use strict';

/** @typedef {InstanceType<typeof import('./fields.js').Fields>} Fields */

/** The longest time that a timer of Node.js takes, in milliseconds: after a longer one it would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Reads the keys again and again, as long as somebody uses them; what fails is tried again.
 *
 * @param {Fields} fields open ones
 */
function renew(fields) {
  const weak = new WeakRef(fields);
  const work = () => {
    const live = weak.deref();
    if (!live || live.closed) return;
    live.refresh().catch(() => {});
    renew(live);
  };
  // Not all processes at once; never later than the others rely on. Asked each time, as keys that were created
  // anew may have another one.
  const time = Math.floor(fields.refreshMs * (0.7 + 0.2 * Math.random()));
  setTimeout(work, Math.min(Math.max(1, time), LONGEST_TIMER)).unref();
}

module.exports = { renew };
