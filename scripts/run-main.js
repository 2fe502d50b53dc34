'use strict';

/**
 * Runs the main function of a script. What it throws, now or later, is printed without its stack, and the
 * process ends with 1.
 *
 * @template {unknown[]} Arguments
 * @param {(...args: Arguments) => unknown} main
 * @param {Arguments} args
 */
async function runMain(main, ...args) {
  try {
    await main(...args);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}

module.exports = { runMain };
