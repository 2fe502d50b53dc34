'use strict';

/**
 * Returns a stored value that came within JSON: there PostgreSQL writes bytes in hexadecimal.
 *
 * @param {unknown} stored
 */
function fromJson(stored) {
  if (typeof stored !== 'string' || !stored.startsWith('\\x')) return stored;
  return Buffer.from(stored.slice(2), 'hex');
}

module.exports = { fromJson };
