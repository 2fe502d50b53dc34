'use strict';

const { isProxy } = require('node:util').types;

const { invalid } = require('../errors.js');
const { kind } = require('./kind.js');

/** What calls of this package use of a signal; a signal that has its own may be a test's. */
const USED = /** @type {const} */ ([
  'aborted',
  'addEventListener',
  'reason',
  'removeEventListener',
]);

const { get: abortedOf } = /** @type {{ get: () => boolean }} */ (
  Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')
);

/**
 * Signals of Node.js that follow those of others, such as jsdom's: one for each, so that a signal
 * that lives long gathers no listeners.
 *
 * @type {WeakMap<object, AbortSignal>}
 */
const followers = new WeakMap();

/**
 * Returns a signal of Node.js, or one that fires with the signal of another library or realm.
 *
 * @param {unknown} value
 * @returns {AbortSignal | undefined}
 */
function abortSignal(value) {
  if (value === undefined) return undefined;
  if (isOwn(value)) return value;
  const followed = isProxy(value) ? undefined : follow(value);
  if (followed) return followed;
  throw invalid(`signal must be an AbortSignal, not ${kind(value)}`);
}

/**
 * @param {unknown} value
 * @returns {value is AbortSignal}
 */
function isOwn(value) {
  if (typeof value !== 'object' || value === null || isProxy(value)) return false;
  try {
    // Fails unless the engine's own slots are there; `instanceof` may, too.
    abortedOf.call(value);
    return !USED.some((name) => Object.hasOwn(value, name));
  } catch {
    return false;
  }
}

/** @param {unknown} value */
function follow(value) {
  if (typeof value !== 'object' || value === null) return undefined;
  const known = followers.get(value);
  if (known) return known;
  try {
    const signal = /** @type {AbortSignal} */ (value);
    if (!isAbortSignal(signal)) return undefined;
    const controller = new AbortController();
    const fire = () => controller.abort(reasonOf(signal));
    if (signal.aborted) fire();
    else signal.addEventListener('abort', fire, { once: true });
    followers.set(value, controller.signal);
    return controller.signal;
  } catch {
    return undefined;
  }
}

/** @param {any} value */
function isAbortSignal(value) {
  return (
    Object.prototype.toString.call(value) === '[object AbortSignal]' &&
    typeof value.aborted === 'boolean' &&
    typeof value.addEventListener === 'function'
  );
}

/** @param {AbortSignal} signal one that fires: what its getter throws would reach nobody */
function reasonOf(signal) {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

module.exports = { abortSignal };
