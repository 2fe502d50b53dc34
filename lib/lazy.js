'use strict';

/**
 * Returns a function that loads a module when it is first called, and then gives what was loaded: a program that
 * never needs the module starts sooner. `require` itself looks its path up again in each call.
 *
 * @template T
 * @param {() => T} load
 * @returns {() => T}
 */
function lazy(load) {
  /** @type {T | undefined} */
  let loaded;
  return () => (loaded ??= load());
}

module.exports = { lazy };
