'use strict';

const args = require('../../lib/input/index.js');
const { ownStatuses, publicError } = require('../http/status.js');

/**
 * Returns an error handler that passes on errors of this package as errors with a status, of which a client
 * is told nothing else; and all other errors as they are.
 *
 * @param {unknown} [options]
 */
function envelopeErrors(options) {
  const checkedOptions = args.options(options, /** @type {const} */ (['statuses']));
  const statuses = ownStatuses(checkedOptions.statuses);
  // Express knows an error handler by its four parameters.
  return function handleEnvelopeError(
    /** @type {unknown} */ error,
    /** @type {unknown} */ _request,
    /** @type {unknown} */ _response,
    /** @type {(error: unknown) => void} */ next,
  ) {
    next(publicError(error, statuses));
  };
}

module.exports = { envelopeErrors };
