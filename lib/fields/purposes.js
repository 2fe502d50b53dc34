'use strict';

const { invalid } = require('../errors.js');

/** What the keys of a tenant are for. */
const PURPOSES = /** @type {const} */ (['encryption', 'deterministic', 'index']);

/**
 * @param {unknown} purpose
 * @returns {typeof PURPOSES[number]}
 */
function purposeOf(purpose) {
  const found = PURPOSES.find((known) => known === purpose);
  if (found) return found;
  throw invalid(`the purpose must be one of ${PURPOSES.map((name) => `"${name}"`).join(', ')}`);
}

module.exports = { PURPOSES, purposeOf };
