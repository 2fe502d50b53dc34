'use strict';

const { clearTimeout, setTimeout } = require('node:timers');

const { EnvelopeError } = require('./errors.js');

/**
 * Awaits what a source gives, but no longer than so many milliseconds; what comes later is ignored.
 *
 * @template T
 * @param {number} timeoutMs
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 * @throws {EnvelopeError} `ERR_ENVELOPE_SOURCE_TIMEOUT`
 */
async function withinDeadline(timeoutMs, ask) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    const message =
      `the source gave no answer within ${timeoutMs} ms; try again, or give it a longer ` +
      '`timeoutMs`';
    const fire = () => {
      reject(new EnvelopeError('ERR_ENVELOPE_SOURCE_TIMEOUT', message, { retryable: true }));
    };
    timer = setTimeout(fire, timeoutMs);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

module.exports = { withinDeadline };
