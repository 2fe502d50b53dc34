'use strict';

const args = require('../input/index.js');

/** The options of what guards the calls of a key service. */
const GUARD_OPTIONS = /** @type {const} */ (['timeoutMs', 'maxInFlight', 'maxQueued', 'breaker']);
const BREAKER = /** @type {const} */ (['failures', 'openMs']);

const HOUR = 3_600_000;
const MOST_CALLS = 1_000_000;

/**
 * @param {{ [name in typeof GUARD_OPTIONS[number]]?: unknown }} given
 * @returns {import('../../binding').NativeGuardOptions}
 */
function guardOptions({ timeoutMs, maxInFlight, maxQueued, breaker }) {
  return {
    timeoutMs: args.optionalInteger(timeoutMs, 'timeoutMs', 1, HOUR),
    maxInFlight: args.optionalInteger(maxInFlight, 'maxInFlight', 1, MOST_CALLS),
    maxQueued: args.optionalInteger(maxQueued, 'maxQueued', 0, MOST_CALLS),
    ...breakerOptions(breaker),
  };
}

function breakerOptions(/** @type {unknown} */ breaker) {
  if (breaker === false) return { breakerFailures: 0 };
  if (breaker === undefined || breaker === true) return {};
  const { failures, openMs } = args.options(breaker, BREAKER, 'breaker');
  return {
    breakerFailures: args.optionalInteger(failures, 'breaker.failures', 1, MOST_CALLS),
    breakerOpenMs: args.optionalInteger(openMs, 'breaker.openMs', 1, HOUR),
  };
}

module.exports = { GUARD_OPTIONS, guardOptions };
