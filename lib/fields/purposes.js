'use strict';

const { invalid } = require('../errors.js');

/** What the keys of a tenant are for. */
const PURPOSES = /** @type {const} */ (['encryption', 'deterministic', 'index']);

/** The type of a purpose's key, if the caller names none. */
const DEFAULT_TYPES = {
  encryption: 'AES256_GCM',
  deterministic: 'AES256_SIV',
  index: 'HMAC_SHA256_PRF',
};

/**
 * @param {unknown} purpose
 * @returns {typeof PURPOSES[number]}
 */
function purposeOf(purpose) {
  const found = PURPOSES.find((known) => known === purpose);
  if (found) return found;
  throw invalid(`the purpose must be one of ${PURPOSES.map((name) => `"${name}"`).join(', ')}`);
}

module.exports = { DEFAULT_TYPES, PURPOSES, purposeOf };
