'use strict';

const { Failure } = require('./errors.js');

/**
 * The public API. It is loaded only when a command needs it, so that `--help` and `doctor` work
 * even where the addon does not.
 *
 * @returns {typeof import('../..')}
 */
function library() {
  try {
    return require('../..');
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Failure(
      'INTERNAL',
      `the native addon for ${process.platform}-${process.arch} did not load; install ` +
        `kms-envelope again on this machine, with its optional dependencies (${message})`,
    );
  }
}

module.exports = { library };
