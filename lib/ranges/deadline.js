'use strict';

const { EnvelopeError, aborted } = require('../errors.js');
const { onAbort } = require('../calls/signal.js');
const { clearTimeout, setTimeout } = require('../calls/timers.js');

/**
 * Returns what a source gives within so many milliseconds, and before a signal fires; what comes later is
 * ignored, and no timer is left.
 *
 * @template T
 * @param {number} timeoutMs
 * @param {() => Promise<T>} ask
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<T>}
 * @throws {EnvelopeError} `ERR_ENVELOPE_SOURCE_TIMEOUT`
 */
async function withinDeadline(timeoutMs, ask, signal) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let ignoreSignal = () => {};
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    const message =
      `the source gave no answer within ${timeoutMs} ms; try again, or give it a longer ` +
      '`timeoutMs`';
    const fire = () => {
      reject(new EnvelopeError('ERR_ENVELOPE_SOURCE_TIMEOUT', message, { retryable: true }));
    };
    timer = setTimeout(fire, timeoutMs);
    if (signal) ignoreSignal = onAbort(signal, () => reject(aborted(signal)));
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
    ignoreSignal();
  }
}

module.exports = { withinDeadline };
