'use strict';

/** @typedef {InstanceType<typeof import('./fields.js').Fields>} Fields */

/**
 * Reads the keys again and again, as long as somebody uses them; what fails is tried again.
 *
 * @param {Fields} fields
 * @param {number} refreshMs
 */
function renew(fields, refreshMs) {
  const weak = new WeakRef(fields);
  const timer = setInterval(
    () => {
      const live = weak.deref();
      if (!live || live.closed) clearInterval(timer);
      else live.refresh().catch(() => {});
    },
    // Not all processes at once; never later than the others rely on.
    Math.max(1, Math.floor(refreshMs * (0.7 + 0.2 * Math.random()))),
  );
  timer.unref();
}

module.exports = { renew };
